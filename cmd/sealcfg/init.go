package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/pattern"
	"github.com/sealcfg/sealcfg/internal/privatekey"
	"github.com/sealcfg/sealcfg/internal/regular"
	"github.com/sealcfg/sealcfg/keys"
	"github.com/spf13/cobra"
)

func newInitCmd(a *cli.App) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create an identity, .sops.yaml, and encrypted environments",
		Long: `Init creates missing files: your identity, if you have none; a .sops.yaml with your
recipient; and environments/dev.yaml, test.yaml and prod.yaml, encrypted, with
example fields. It adds local layers, .env and key files to .gitignore. It
overwrites no file, so you can run it twice.

If the repository has no .sops.yaml, and no file that sops wrote last, init also
writes a sealcfg.yaml that requires bindings.`,
		Example: `  sealcfg init
  sealcfg init --name alice`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd, a, name) },
	}
	cmd.Flags().StringVar(&name, "name", "", "your `NAME` in .sops.yaml (default: your login name)")
	return cmd
}

func runInit(cmd *cobra.Command, a *cli.App, name string) error {
	if privatekey.In(name) {
		return cli.WithHint(cli.Usagef("--name holds a private key, expected a name"), "your recipient is added without it; run: sealcfg init --name NAME")
	}
	if cmd.Flags().Changed("name") && (name == "" || notAnchor().MatchString(name)) {
		return cli.WithHint(cli.Usagef("--name %q: a name has only the letters A to Z and a to z, digits, - and _, because YAML anchors allow no others", name),
			"choose another spelling, such as: sealcfg init --name %s", anchorName(name))
	}
	project, err := a.Project()
	if err != nil {
		return err
	}
	if project.PolicyPath == "" && project.Ignored != "" {
		return fmt.Errorf("%s: %w", cli.Shown(project.Ignored), environments.ErrPolicyName)
	}
	if err := stayInside(project); err != nil {
		return err
	}
	recipient, err := initIdentity(cmd.Context(), a, project)
	if err != nil {
		return err
	}
	if project.PolicyPath == "" {
		// Before the policy, because a project with a policy is not new.
		if err := initConfig(cmd.Context(), a, project); err != nil {
			return err
		}
		if err := initPolicy(cmd.Context(), a, filepath.Join(project.Root, environments.PolicyName), name, recipient); err != nil {
			return err
		}
		a.Finder = new(environments.Finder)
	} else {
		a.Say("%s already exists", cli.Shown(project.PolicyPath))
		if err := checkMembership(cmd.Context(), a, project, recipient, name); err != nil {
			return err
		}
	}
	for _, env := range []string{"dev", "test", "prod"} {
		if err := initEnvironment(a, cmd, project, env); err != nil {
			return err
		}
	}
	if err := initIgnore(cmd.Context(), a, filepath.Join(project.Root, ".gitignore")); err != nil {
		return err
	}
	add := []string{environments.PolicyName, environments.Folder}
	if _, err := os.Lstat(filepath.Join(project.Root, environments.ConfigName)); err == nil {
		add = slices.Insert(add, 1, environments.ConfigName)
	}
	if info, err := os.Lstat(filepath.Join(project.Root, ".gitignore")); err == nil && info.Mode().IsRegular() {
		add = append(add, ".gitignore")
	}
	a.Say("\nnext: sealcfg edit dev, sealcfg view prod, git add %s", strings.Join(add, " "))
	return nil
}

// stayInside returns an error if the directory of the environments is a link to outside of
// the repository or, without a repository, of the project. Init creates files only inside.
func stayInside(project *environments.Project) error {
	dir := filepath.Join(project.Root, environments.Folder)
	info, err := os.Lstat(dir)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil //nolint:nilerr // init makes it, or fails with the reason
	}
	root := project.Root
	for at := root; at != filepath.Dir(at); at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			root = at
			break
		}
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(dir)
	if err == nil && cli.Below(target, root) {
		return nil
	}
	if err != nil {
		err = fmt.Errorf("%s is a broken link", cli.Shown(dir))
	} else {
		err = fmt.Errorf("%s is a link to %s, which is outside of %s", cli.Shown(dir), target, root)
	}
	return cli.WithHint(err, "init makes no files outside of the project; to use a directory of the project, remove the link: rm %s", cli.ShellWord(cli.Shown(dir)))
}

const configTemplate = `# Commands and programs reject files without a binding, which authenticates names,
# structure, recipients and location. sops drops the binding when it writes a file.
# To accept such a file after a review: sealcfg rekey --accept-unbound ENV
# If some of you write with sops, relax this for the environments that they change:
#   environments: {dev: {binding: optional}}
binding: required
`

// initConfig writes a sealcfg.yaml that requires bindings. It does not if sops is used in
// the repository, because files that sops writes have no bindings.
func initConfig(ctx context.Context, a *cli.App, project *environments.Project) error {
	path := filepath.Join(project.Root, environments.ConfigName)
	if _, err := os.Lstat(path); err == nil {
		a.Say("%s already exists", cli.Shown(path))
		return nil
	}
	user, err := sopsUser(ctx, a, project.Root)
	if errors.Is(err, errManyFiles) {
		a.Warn("made no %s, which requires bindings: %v", cli.Shown(path), err)
		return nil
	}
	if err != nil {
		return err
	}
	if user != "" {
		a.Say("made no %s, which requires bindings: sops is used here, as for %s", cli.Shown(path), user)
		return nil
	}
	if err := atomicfile.Write(ctx, path, []byte(configTemplate), atomicfile.Options{NoClobber: true}); err != nil {
		return err
	}
	a.Say("made %s: it requires bindings", cli.Shown(path))
	return nil
}

// maxNewFiles bounds the files that init reads outside of a repository to find out whether
// sops is used. The directory may be a home directory.
const maxNewFiles = 10_000

// sopsUser returns a file which shows that sops is used in the repository of dir: a
// .sops.yaml, or an encrypted file without a binding. It returns "" without such a file.
func sopsUser(ctx context.Context, a *cli.App, dir string) (string, error) {
	repo := &repository{root: dir}
	_, err := a.Git.Root(ctx, dir)
	if errors.Is(err, gitrun.ErrNotRepository) || errors.Is(err, gitrun.ErrNoGit) {
		err = repo.walk(ctx, dir, maxNewFiles)
	} else {
		repo, err = findRepository(ctx, a, dir)
	}
	if err != nil {
		return "", err
	}
	for _, path := range repo.others {
		if filepath.Base(path) == environments.PolicyName {
			return cli.Shown(path), nil
		}
	}
	for _, c := range repo.candidates {
		s, encrypted, err := readFound(ctx, foundTarget(a, repo, c.path))
		if encrypted && (err != nil || !s.Metadata().HasBinding()) {
			return cli.Shown(c.path), nil
		}
	}
	return "", nil
}

// ignored are the lines that init adds to .gitignore.
var ignored = []string{
	"*.local.*", // local layers, which are for one machine
	".env",
	"*.key", "*.agekey", "keys.txt", // identities
}

// initIgnore adds the lines that a .gitignore lacks.
func initIgnore(ctx context.Context, a *cli.App, path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		a.Warn("%s is a link, which git does not follow; not changed", cli.Shown(path))
		return nil
	}
	old, err := regular.Read(path, maxIgnore)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	options := atomicfile.Options{NoClobber: true}
	if err == nil {
		options = atomicfile.Options{IfUnchanged: old, InPlace: a.WithoutCopy(path)} // it only grows
	}
	var lines []string
	for line := range strings.Lines(string(old)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	missing := slices.DeleteFunc(slices.Clone(ignored), func(line string) bool {
		file := filepath.Join(filepath.Dir(path), line) // .env may be an encrypted file
		return slices.Contains(lines, line) || refuseSealed(file) != nil
	})
	if len(missing) == 0 {
		return nil
	}
	text := string(old)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	text += strings.Join(missing, "\n") + "\n"
	if err := atomicfile.Write(ctx, path, []byte(text), options); err != nil {
		return err
	}
	a.Say("added %s to %s", cli.JoinNames(missing), cli.Shown(path))
	return nil
}

const maxIgnore = 1 << 20 // bytes

// checkMembership returns an error if the policy of the project does not name the user.
// Init could not decrypt the files there, nor those that it creates.
func checkMembership(ctx context.Context, a *cli.App, project *environments.Project, recipient, name string) error {
	policy, err := a.Finder.Policy(project.PolicyPath)
	if err != nil {
		return err
	}
	ids, err := a.LoadIdentities(ctx)
	if err != nil {
		return err
	}
	own := append(cli.OwnRecipients(ids), recipient)
	people := policy.Recipients()
	if i := slices.IndexFunc(people, func(p environments.PolicyRecipient) bool { return cli.IsOneOf(p.Recipient, own) }); i >= 0 {
		if called := cli.Label(policy, people[i].Recipient); name != "" && called != name {
			a.Warn("--name %s has no effect: %s names your recipient already (%s)\nto change the name, edit %[2]s", name, cli.Shown(project.PolicyPath), called)
		}
		return nil
	}
	var names []string
	for _, p := range people {
		names = append(names, cli.Label(policy, p.Recipient))
	}
	return cli.WithHint(fmt.Errorf("%s does not name you", cli.Shown(project.PolicyPath)),
		"ask one of its recipients (%s) to add your recipient and to run sealcfg rekey; your recipient:\n%s", cli.JoinNames(names), recipient)
}

// initIdentity returns the recipient of the user. It creates an identity if there is
// no identity yet. An SSH key is used only if the policy names it, because most people have SSH keys
// for other purposes.
func initIdentity(ctx context.Context, a *cli.App, project *environments.Project) (string, error) {
	ids, err := a.LoadIdentities(ctx)
	if err != nil {
		return "", err
	}
	own := cli.OwnRecipients(ids)
	if len(own) == 0 {
		if err := unlock(ctx, ids); err != nil {
			return "", err
		}
		own = cli.OwnRecipients(ids)
	}
	if named := inPolicy(a, project, own); named != "" {
		own = []string{named}
	} else {
		own = slices.DeleteFunc(own, func(r string) bool { return strings.HasPrefix(r, "ssh-") })
	}
	if len(own) > 0 {
		a.Say("your identity already exists: %s", own[0])
		return own[0], nil
	}
	if len(a.Broken) > 0 { // there is one, but it cannot be used
		return "", a.NoIdentity()
	}
	path, err := identityPath(a)
	if err != nil {
		return "", cli.WithHint(err, "set HOME, or SOPS_AGE_KEY_FILE to an identity file")
	}
	text, recipient, err := newIdentity(false)
	if err != nil {
		return "", err
	}
	if err := writeIdentity(ctx, path, text, false); err != nil {
		return "", err
	}
	a.Say("made your identity: %s", path)
	a.WarnWritten(ctx, path, "an identity")
	a.Say("note: only this key decrypts the files; keep a copy of %s in a safe place", path)
	a.Loaded = false
	return recipient, nil
}

// inPolicy returns the first of the recipients that the policy names, or "".
func inPolicy(a *cli.App, project *environments.Project, own []string) string {
	if project.PolicyPath == "" {
		return ""
	}
	policy, err := a.Finder.Policy(project.PolicyPath)
	if err != nil {
		return "" // runInit reports the error
	}
	for _, r := range own {
		if slices.ContainsFunc(policy.Recipients(), func(p environments.PolicyRecipient) bool { return keys.SameAgeRecipient(p.Recipient, r) }) {
			return r
		}
	}
	return ""
}

const policyTemplate = `# The recipients of each file, and the values that are encrypted.
# After a change, run: sealcfg rekey
keys:
  - &%s %s

creation_rules:
  - path_regex: ^environments/
    key_groups:
      - age:
          - *%s
`

func initPolicy(ctx context.Context, a *cli.App, path, name, recipient string) error {
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
		name = anchorName(name)
	}
	text := fmt.Sprintf(policyTemplate, name, recipient, name)
	if err := atomicfile.Write(ctx, path, []byte(text), atomicfile.Options{NoClobber: true}); err != nil {
		return err
	}
	a.Say("made %s: your name in it is %s", cli.Shown(path), name)
	return nil
}

var notAnchor = pattern.New(`[^A-Za-z0-9_-]+`)

// anchorName converts a login name to a YAML anchor.
func anchorName(name string) string {
	if i := strings.LastIndexAny(name, `\`); i >= 0 {
		name = name[i+1:] // DOMAIN\user
	}
	name = strings.Trim(notAnchor().ReplaceAllString(name, "_"), "_")
	if name == "" {
		return "me"
	}
	return name
}

const environmentTemplate = `# Settings of %[1]s. Names stay readable, values are encrypted.
app:
  name: example
  debug: %[2]s

http:
  addr: 127.0.0.1:8080
  timeout: 5s

db:
  host: %[1]s.db.example.com
  port: 5432
  password: change-me
`

func initEnvironment(a *cli.App, cmd *cobra.Command, project *environments.Project, name string) error {
	env, err := project.Environment(name)
	if err != nil {
		return err
	}
	t := a.NewTarget(env)
	if env.Exists {
		a.Say("%s already exists", t.Shown)
		return nil
	}
	debug := "false"
	if name == "dev" {
		debug = "true"
	}
	d, err := envfile.Parse(t.Format, fmt.Appendf(nil, environmentTemplate, name, debug))
	if err != nil {
		return err
	}
	policy, rule, err := t.Rule()
	if err != nil {
		return err
	}
	s, err := cli.SealNew(cmd.Context(), t, rule, d)
	if err != nil {
		return err
	}
	if err := a.CanOpen(cmd.Context(), t, s); err != nil {
		return fmt.Errorf("%s: not created: %w", t.Shown, a.LockedOut(t, policy, s, err, cli.AddYourself(rule)))
	}
	if err := atomicfile.MkdirAll(filepath.Dir(t.Path), 0o755); err != nil {
		return err
	}
	switch err := a.Save(cmd.Context(), t, s, nil); {
	case errors.Is(err, fs.ErrExist): // a link that leads nowhere, or made in the meantime
		a.Say("%s already exists", t.Shown)
		return nil
	case err != nil:
		return err
	}
	a.Say("made %s", t.Shown)
	return nil
}
