package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/bounded"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/spf13/cobra"
)

func newKeyCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Manage identities, and list recipients",
		Example: `  sealcfg key new
  sealcfg key list`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeyNewCmd(a), newKeyShowCmd(a), newKeyListCmd(a))
	return cmd
}

type keyNewOptions struct {
	app    *cli.App
	output string
	add    bool
	pq     bool
}

func newKeyNewCmd(a *cli.App) *cobra.Command {
	o := &keyNewOptions{app: a}
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Create an identity",
		Long: `New creates an age identity in sops's default file, with mode 0600, and prints its
recipient, which goes into .sops.yaml. It never overwrites a file; --add adds
another identity to an existing file.`,
		Example: `  sealcfg key new
  sealcfg key new -o ci.key
  sealcfg key new --post-quantum --add`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeyNew(cmd.Context(), o) },
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write to `FILE` (- is stdout) instead of sops's default")
	cmd.Flags().BoolVar(&o.add, "add", false, "add to an existing file")
	cmd.Flags().BoolVar(&o.pq, "post-quantum", false, "create a hybrid post-quantum identity (requires sops 3.12 or newer)")
	return cmd
}

func runKeyNew(ctx context.Context, o *keyNewOptions) error {
	a := o.app
	text, recipient, err := newIdentity(o.pq)
	if err != nil {
		return err
	}
	if o.output == "-" {
		_, err = a.Stdout.WriteString(text)
		return err
	}
	path := o.output
	if path == "" {
		if path, err = identityPath(a); err != nil {
			return cli.WithHint(err, "add -o FILE, and set $SOPS_AGE_KEY_FILE to the file")
		}
	}
	if err := writeIdentity(ctx, path, text, o.add); err != nil {
		return err
	}
	a.Say("wrote %s", path)
	a.WarnWritten(ctx, path, "an identity")
	a.Say("note: only this key decrypts the files that are encrypted for it; keep a copy of %s in a safe place", path)
	if a.JSON {
		return a.PrintJSON(map[string]string{"file": path, "recipient": recipient})
	}
	_, err = fmt.Fprintln(a.Stdout, recipient)
	return err
}

// identityPath returns the default file for identities. A relative directory is an error,
// because the file would be in the project.
func identityPath(a *cli.App) (string, error) {
	dir := keys.ConfigDir(a.LookupEnv)
	if !filepath.IsAbs(dir) {
		return "", errors.New("there is no configuration directory for this user")
	}
	return keys.AgeKeyFile(dir), nil
}

// newIdentity creates an identity in the form of age-keygen.
func newIdentity(pq bool) (text, recipient string, err error) {
	var secret string
	if pq {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return "", "", err
		}
		secret, recipient = id.String(), id.Recipient().String()
	} else {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return "", "", err
		}
		secret, recipient = id.String(), id.Recipient().String()
	}
	return fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", time.Now().Format(time.RFC3339), recipient, secret), recipient, nil
}

func writeIdentity(ctx context.Context, path, text string, add bool) error {
	const elsewhere = "set SOPS_AGE_KEY_FILE to another file, then run: sealcfg key new -o FILE"
	if err := atomicfile.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return cli.WithHint(err, "%s", elsewhere)
	}
	if add {
		err := addIdentity(ctx, path, text)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return cli.WithHint(err, "%s", elsewhere)
		}
	}
	err := atomicfile.Write(ctx, path, []byte(text), atomicfile.Options{Mode: 0o600, NoClobber: true})
	if errors.Is(err, fs.ErrExist) {
		return cli.WithHint(fmt.Errorf("%s already exists, and an identity is never overwritten", path), "to print its recipients, run: sealcfg key show\nto add another identity, run: sealcfg key new --add")
	}
	if err != nil {
		return cli.WithHint(err, "%s", elsewhere)
	}
	return nil
}

// addIdentity adds an identity to an existing file. A file in UTF-16 becomes UTF-8.
func addIdentity(ctx context.Context, path, text string) error {
	old, err := bounded.File(ctx, path, keys.MaxSource)
	if err != nil {
		return err
	}
	if keys.IsAgeFile(old) {
		return fmt.Errorf("%s is encrypted with a passphrase; no identity can be added", path)
	}
	plain, err := keys.Text(old)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(plain) > 0 && plain[len(plain)-1] != '\n' {
		text = "\n" + text
	}
	return atomicfile.Write(ctx, path, slices.Concat(plain, []byte(text)), atomicfile.Options{IfUnchanged: old, Private: true})
}

func newKeyShowCmd(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print your own recipients",
		Long: `Show prints the recipients of your identities, one per line. Others add them to
.sops.yaml to give you access. It prompts for the passphrases of encrypted
identities.`,
		Example: `  sealcfg key show`,
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ids, err := a.LoadIdentities(cmd.Context())
			if err != nil {
				return err
			}
			if err := unlock(cmd.Context(), ids); err != nil {
				return err
			}
			own := cli.OwnRecipients(ids)
			for i := range own {
				own[i] = withComment(cmd.Context(), a, own[i])
			}
			if a.JSON {
				return a.PrintJSON(map[string][]string{"recipients": own})
			}
			if len(own) == 0 {
				return a.NoIdentity()
			}
			_, err = fmt.Fprintln(a.Stdout, strings.Join(own, "\n"))
			return err
		},
	}
}

// withComment returns an SSH recipient with the comment of its .pub file, which usually
// names the person.
func withComment(ctx context.Context, a *cli.App, recipient string) string {
	if !strings.HasPrefix(recipient, "ssh-") || len(strings.Fields(recipient)) > 2 {
		return recipient
	}
	var files []string
	if file, ok := a.LookupEnv("SOPS_AGE_SSH_PRIVATE_KEY_FILE"); ok {
		files = append(files, file)
	}
	if home := keys.HomeDir(a.LookupEnv); home != "" {
		files = append(files, filepath.Join(home, ".ssh", "id_ed25519"), filepath.Join(home, ".ssh", "id_rsa"))
	}
	for _, file := range files {
		src, err := bounded.File(ctx, file+".pub", keys.MaxSource)
		if err != nil {
			continue
		}
		line := strings.TrimSpace(string(src))
		if fields := strings.Fields(line); len(fields) > 2 && strings.Join(fields[:2], " ") == recipient && !strings.ContainsFunc(line, cli.IsControl) {
			return recipient + " " + strings.Join(fields[2:], " ")
		}
	}
	return recipient
}

// unlock decrypts the identities that are encrypted. It prompts for
// passphrases.
func unlock(ctx context.Context, ids []keys.Identity) error {
	for _, id := range ids {
		if l, ok := id.(keys.Locker); ok {
			if _, err := l.Unlock(ctx); err != nil {
				return cli.Quietly(keys.ErrNoIdentity, err)
			}
		}
	}
	return nil
}
