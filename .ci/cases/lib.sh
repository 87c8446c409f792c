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
