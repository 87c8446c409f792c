# Sourced by every commands.sh: a scratch project and a key made for these
# cases. run.sh sets SCRATCH, and sealcfg and sops come from PATH.
set +e
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
export NO_COLOR=1 SOPS_DISABLE_VERSION_CHECK=1
export KEYFILE=$SCRATCH/key.txt SOPS_AGE_KEY_FILE=$SCRATCH/key.txt
REC=$(age-keygen -y "$KEYFILE")
W=$SCRATCH
export HOME=$W/home XDG_CONFIG_HOME=$W/home/.config XDG_STATE_HOME=$W/home/.state
mkdir -p "$HOME" "$W/p"
cd "$W/p" || exit 1
git init -q
git config user.email t@example.org
git config user.name t
if [ -d "$HERE/in" ]; then cp -r "$HERE/in/." .; fi
[ -e .sops.yaml ] || printf 'creation_rules:\n  - age: %s\n' "$REC" >.sops.yaml

# run prints a command, runs it, and prints its exit code.
run() {
	echo "\$ $*" | sed -E 's/AGE-SECRET-KEY-[0-9A-Z]+/KEY/g; /-----BEGIN OPENSSH/,/-----END OPENSSH/{s/-----BEGIN.*/KEY/; /^[A-Za-z0-9+\/=]+$/d; s/-----END[^ ]* PRIVATE KEY-----//}'
	"$@"
	echo "[rc $?]"
}

# whole_life decrypts secret.yaml, changes and rekeys it, and encrypts a new file: the
# commands that read .sops.yaml.
whole_life() {
	run sealcfg decrypt secret.yaml
	cp secret.yaml secret-2.yaml
	printf new | run sealcfg set secret.yaml stringData.TOKEN -
	run sealcfg rekey --yes secret.yaml
	printf "stringData:\n  a: b\n" >secret-new.yaml
	run sealcfg encrypt secret-new.yaml
	run sops decrypt secret.yaml
}
