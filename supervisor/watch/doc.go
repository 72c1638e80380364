// Package watch tells when files change, so that a unit under development can
// be restarted.
//
// # What is watched
//
// A path is a file, a directory with everything below it, or nothing yet. The
// kernel (inotify(7)) watches single directories, so each directory costs one
// of fs.inotify.max_user_watches; of a file its directory is watched, because
// editors put a new file in its place; of a path that does not exist the
// nearest directory above it. Each directory is watched before it is read, so
// nothing that comes into being is missed. When the kernel had to drop news,
// everything is looked at again and counts as changed.
//
// Symbolic links below a path are not followed: a link out of the tree, or in
// a circle, leads nowhere. A path that is a link itself is followed, and counts
// when it is made to point elsewhere. That a directory above an existing path
// is moved is not seen.
//
// # What counts
//
// Writing, creating, removing and renaming count, and so does a touch;
// permissions and reading do not. Ignored are what version control, package
// managers and editors write (.git, .hg, .svn, .jj, node_modules, __pycache__,
// .DS_Store, *~, .#*, #*#, *.sw[a-p], *.swx, 4913 and some more), and what the
// patterns of the unit match:
//
//	*.log          the name, at any depth
//	build/out      from the watched path on
//	**/gen/*.go    ** is any number of directories, none too
//	/srv/app/tmp   an absolute path
//	cache/         a directory, not a file
//
// A directory that is ignored is ignored with all that is in it, and costs no
// watch. There are no exceptions (!).
//
// # When it is told
//
// Once nothing has changed for the debounce; changes that never pause are told
// after ten debounces or 5 s, whichever is longer.
//
// A unit may write where it is watched. A change before the restart that was
// asked for is through, or within 2 s of the beginning of the new run, may be
// its own. It is told all the same, for it may be somebody who saves twice; but
// after ten such restarts in a row the unit is distrusted: this is told in
// words, and changes restart it no more until there has been none for 10 s.
//
// # Who owns what, what is lost, whom it blocks
//
// Watch runs in its caller's goroutine, which owns everything, until its
// context ends; the kernel's news come from one more, which ends with it. While
// changed is called nothing is read: the kernel keeps 16384 events
// (fs.inotify.max_queued_events), and says when it had to drop some. Paths
// beyond 64 of one burst are not told by name. Nobody else is blocked. A
// directory that cannot be watched (permissions) is told as a problem and the
// rest is watched; when a limit of the kernel is reached at the start, Watch
// ends with words that say how to raise it.
package watch
