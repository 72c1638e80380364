#!/bin/sh
# Installs sysg for the whole machine, or takes it away again.
#
#   install-systemg.sh [--binary FILE]      FILE is ./sysg unless named
#   install-systemg.sh --uninstall          the manifest, state and logs stay
#   install-systemg.sh --uninstall --purge  everything goes
#
# It can be run again at any time: it replaces the program, and leaves what you
# have changed. DESTDIR puts everything below another root.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dest=${DESTDIR:-}
binary=./sysg
action=install
purge=no

fail() { printf 'install-systemg: %s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
	case $1 in
	--binary) [ $# -gt 1 ] || fail "--binary needs a file"; binary=$2; shift ;;
	--uninstall) action=uninstall ;;
	--purge) purge=yes ;;
	-h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) fail "there is no option $1: --binary FILE, --uninstall, --purge" ;;
	esac
	shift
done

if [ -z "$dest" ] && [ "$(id -u)" != 0 ]; then
	fail "it needs root, or DESTDIR"
fi

# Below another root there is no systemd to talk to.
systemd() {
	if [ -z "$dest" ] && [ -d /run/systemd/system ]; then
		systemctl "$@"
	fi
}

# place FROM TO MODE puts a file there by renaming, so that a program that runs
# is not written to.
place() {
	install -D -m "$3" "$1" "$dest$2.new"
	mv -f "$dest$2.new" "$dest$2"
	printf 'installed %s\n' "$2"
}

folder() {
	[ -d "$dest$1" ] || install -d -m "$2" "$dest$1"
}

if [ "$action" = uninstall ]; then
	systemd disable --now systemg.service 2>/dev/null || true
	for f in /usr/lib/systemd/system/systemg.service /etc/logrotate.d/systemg /usr/bin/sysg; do
		if [ -e "$dest$f" ]; then
			rm -f "$dest$f"
			printf 'removed %s\n' "$f"
		fi
	done
	if [ "$purge" = yes ]; then
		rm -rf "$dest/etc/systemg" "$dest/var/lib/systemg" "$dest/var/log/systemg"
		printf 'removed /etc/systemg, /var/lib/systemg and /var/log/systemg\n'
	fi
	systemd daemon-reload
	exit 0
fi

[ "$purge" = no ] || fail "--purge belongs to --uninstall"
[ -f "$binary" ] || fail "there is no program $binary: name it with --binary"

folder /etc/systemg 755
folder /var/lib/systemg 700
folder /var/log/systemg 700
place "$binary" /usr/bin/sysg 755
place "$here/systemg.service" /usr/lib/systemd/system/systemg.service 644
place "$here/systemg.logrotate" /etc/logrotate.d/systemg 644
if [ ! -e "$dest/etc/systemg/systemg.yaml" ]; then
	place "$here/systemg.yaml" /etc/systemg/systemg.yaml 644
fi
systemd daemon-reload
cat <<'END'
Edit /etc/systemg/systemg.yaml, then:
  systemctl enable --now systemg     or: sysg --sys start -d
END
