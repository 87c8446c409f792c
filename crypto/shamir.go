package crypto

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// ErrShares is returned when shares do not belong together, or when their number is invalid.
var ErrShares = errors.New("bad key shares")

// Split splits a data key into shares, one for each key group. threshold shares recover the key. It
// uses Shamir's scheme for each byte, over GF(2^8) with the polynomial of AES. A share has 33
// bytes: 32 values and their x coordinate (shamir/shamir.go in sops).
func Split(key DataKey, shares, threshold int) ([][]byte, error) {
	if threshold < 2 || shares < threshold || shares > 255 {
		return nil, fmt.Errorf("%w: %d of %d", ErrShares, threshold, shares)
	}
	out := make([][]byte, shares)
	for i := range out {
		out[i] = make([]byte, DataKeySize+1)
		out[i][DataKeySize] = byte(i + 1)
	}
	coefficients := make([]byte, threshold) // the constant term is the secret
	for at, secret := range key.hidden() {
		rand.Read(coefficients)
		coefficients[0] = secret
		for _, share := range out {
			x := share[DataKeySize]
			y := byte(0)
			for c := threshold - 1; c >= 0; c-- { // Horner
				y = gfMul(y, x) ^ coefficients[c]
			}
			share[at] = y
		}
	}
	clear(coefficients)
	return out, nil
}

// Combine recovers a data key from shares. With too few or wrong shares it returns a wrong key,
// which the MAC of the file detects.
func Combine(shares [][]byte) (DataKey, error) {
	if len(shares) < 2 {
		return DataKey{}, fmt.Errorf("%w: %d", ErrShares, len(shares))
	}
	seen := map[byte]bool{}
	for _, s := range shares {
		if len(s) != DataKeySize+1 || s[DataKeySize] == 0 || seen[s[DataKeySize]] {
			return DataKey{}, fmt.Errorf("%w: a share of %d bytes, or the same share twice", ErrShares, len(s))
		}
		seen[s[DataKeySize]] = true
	}
	var secret [DataKeySize]byte
	for i, s := range shares {
		// The value at 0 of the Lagrange polynomial that is 1 at this share's point and 0 at the
		// points of the others. In GF(2^8), minus is plus.
		basis := byte(1)
		for j, other := range shares {
			if i != j {
				xi, xj := s[DataKeySize], other[DataKeySize]
				basis = gfMul(basis, gfMul(xj, gfInverse(xi^xj)))
			}
		}
		for at := range secret {
			secret[at] ^= gfMul(s[at], basis)
		}
	}
	return ParseDataKey(secret[:])
}

// gfMul multiplies in GF(2^8) without tables or branches on secrets, because their timing could
// reveal them (GHSA-vq4h-9ghm-qmrr).
func gfMul(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		carry := a >> 7
		a = a<<1 ^ 0x1B&-carry
		b >>= 1
	}
	return product
}

// gfInverse returns a^254, the inverse of a. For 0, which has no inverse, it returns 0.
func gfInverse(a byte) byte {
	power, result := a, byte(1)
	for range 7 { // 254 = 2 + 4 + ... + 128
		power = gfMul(power, power)
		result = gfMul(result, power)
	}
	return result
}
