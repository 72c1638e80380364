// escape KIND REPORT [PATH]: tries to outlive a stop.
//
// The process that is started stays, and ends by SIGTERM as any program does.
// What it has started tries to get away in the way that KIND names, writes one
// byte to the pipe REPORT when it is as far away as it gets, and lives on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// enough is how many processes a bomb consists of, and lifetime how many
// seconds a process lives at most: a test that fails leaves nothing for ever.
enum { enough = 200, lifetime = 120 };

static const char *kind, *report, *path;
static char *self;

static void die(const char *what) {
	fprintf(stderr, "%s: %s: %s\n", kind, what, strerror(errno));
	exit(1);
}

static void must(int result, const char *what) {
	if (result < 0) die(what);
}

static void ready(void) {
	int fd = open(report, O_WRONLY | O_CLOEXEC);
	must(fd, report);
	if (write(fd, ".", 1) != 1) die("report");
	close(fd);
}

static void hold(void) {
	struct timespec long_time = {lifetime, 0};
	while (nanosleep(&long_time, &long_time) < 0 && errno == EINTR) {}
	_exit(0);
}

// deaf ignores what asks a process to end.
static void deaf(void) {
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

// child is whether this is the new one of two processes.
static int child(void) {
	pid_t pid = fork();
	must(pid, "fork");
	return pid == 0;
}

// detach makes this process the grandchild of who calls, in a session of its
// own, and has the caller return 0.
static int detach(void) {
	if (!child()) {
		wait(NULL);
		return 0;
	}
	must(setsid(), "setsid");
	pid_t parent = getpid();
	if (!child()) _exit(0);
	// Only who has lost its parent is away.
	while (getppid() == parent) sched_yield();
	deaf();
	return 1;
}

static void unmark(void) {
	struct rlimit lim;
	must(getrlimit(RLIMIT_RTTIME, &lim), "getrlimit");
	lim.rlim_cur = lim.rlim_max;
	must(setrlimit(RLIMIT_RTTIME, &lim), "setrlimit");
}

static void put(const char *file, const char *text) {
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	must(fd, file);
	if (write(fd, text, strlen(text)) < 0) die(file);
	close(fd);
}

// again executes this program once more, as another kind.
static void again(const char *as, char **env) {
	char *argv[] = {self, (char *)as, (char *)report, (char *)path, NULL};
	execve(self, argv, env);
	die("execve");
}

static char *nothing[] = {NULL};

static void stay(void) { ready(); hold(); }

// bare stays with nothing open, and says so then.
static void bare(void) {
	int fd = open(report, O_WRONLY);
	must(fd, report);
	must(dup2(fd, 0), "dup2");
	syscall(SYS_close_range, 1, ~0U, 0);
	if (write(0, ".", 1) != 1) _exit(1);
	close(0);
	hold();
}

// Kinds. Each is called in the process that was started, and returns there.

static void double_fork(void) { if (child()) { if (child()) stay(); _exit(0); } wait(NULL); }
static void new_session(void) { if (child()) { must(setsid(), "setsid"); stay(); } }
static void new_group(void) { if (child()) { must(setpgid(0, 0), "setpgid"); stay(); } }
static void clean_env(void) { if (child()) { must(setsid(), "setsid"); again("stay", nothing); } }
static void no_term(void) { if (child()) { deaf(); stay(); } }

static void no_signal(void) {
	if (!child()) return;
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
	must(setsid(), "setsid");
	stay();
}

static void stopped(void) {
	if (!child()) return;
	must(setsid(), "setsid");
	deaf();
	ready();
	for (;;) raise(SIGSTOP);
}

static void zombies(void) {
	if (!detach()) return;
	for (int i = 0; i < 20; i++) if (child()) _exit(0);
	siginfo_t info;
	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	stay();
}

static void bomb(void) {
	if (!detach()) return;
	int *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count == MAP_FAILED) die("mmap");
	struct rlimit lim = {enough, enough};
	must(setrlimit(RLIMIT_NPROC, &lim), "setrlimit");
	ready();
	// The kernel bounds a plain user's bomb; root's bounds itself.
	time_t end = time(NULL) + lifetime;
	while (time(NULL) < end) {
		if (geteuid() != 0 || __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) < enough) {
			if (fork() >= 0) continue;
		}
		usleep(1000);
	}
	_exit(0);
}

// sibling_of makes a child of this process's parent, as fork(2) makes one of its
// own.
static pid_t sibling_of(void) { return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0); }

// chain is a process that is another one before anybody can kill it.
static void chain_on(time_t end, pid_t (*next)(void)) {
	// Who looks for a process sees none; but as long as there is one, the
	// file is locked.
	char file[4096];
	snprintf(file, sizeof file, "%s.lock", report);
	int fd = open(file, O_CREAT | O_RDWR, 0600);
	must(fd, file);
	must(flock(fd, LOCK_EX), "flock");
	ready();
	while (time(NULL) < end) {
		pid_t pid = next();
		if (pid != 0) _exit(0);
		setsid();
	}
	_exit(0);
}
static void chain(void) { if (detach()) { chain_on(time(NULL) + lifetime, fork); } }
static void unmarked_chain(void) { if (detach()) { unmark(); chain_on(time(NULL) + lifetime, fork); } }

// pair is two processes, each of which starts the other anew when it ends.
static void pair(void) {
	if (!detach()) return;
	time_t end = time(NULL) + lifetime;
	for (int told = 0; time(NULL) < end;) {
		int p[2];
		must(pipe2(p, O_CLOEXEC), "pipe");
		if (child()) {
			// The other one's end is the end of the pipe.
			setsid();
			close(p[1]);
			if (!told) { told = 1; ready(); }
			char c;
			while (read(p[0], &c, 1) < 0) {}
			close(p[0]);
			continue;
		}
		close(p[0]);
		while (wait(NULL) < 0 && errno == EINTR) {}
		close(p[1]);
	}
	_exit(0);
}

static void traced(void) {
	if (!detach()) return;
	pid_t pid = fork();
	if (pid == 0) {
		must(ptrace(PTRACE_TRACEME, 0, 0, 0), "ptrace");
		raise(SIGSTOP);
		hold();
	}
	waitpid(pid, NULL, WUNTRACED);
	stay();
}

static void vforked(void) {
	if (!detach()) return;
	if (vfork() == 0) stay();
	_exit(0);
}

static void renamed(void) {
	if (!detach()) return;
	prctl(PR_SET_NAME, "kthreadd");
	memset(self, ' ', strlen(self));
	stay();
}

static void closed(void) {
	if (detach()) bare();
}

// own_world gives a plain user what root may do in a namespace.
static void own_world(int more) {
	must(unshare((geteuid() == 0 ? 0 : CLONE_NEWUSER) | more), "unshare");
}

// folder makes a folder beside the pipe.
static const char *folder(void) {
	static char dir[4096];
	snprintf(dir, sizeof dir, "%s.XXXXXX", report);
	if (!mkdtemp(dir)) die(dir);
	return dir;
}

static void chrooted(void) {
	if (!detach()) return;
	int fd = open(report, O_WRONLY | O_CLOEXEC);
	must(fd, report);
	own_world(0);
	const char *dir = folder();
	must(chroot(dir), "chroot");
	must(chdir("/"), "chdir");
	if (write(fd, ".", 1) != 1) die("report");
	close(fd);
	hold();
}

static void nowhere(void) {
	if (!detach()) return;
	const char *dir = folder();
	must(chdir(dir), "chdir");
	must(rmdir(dir), "rmdir");
	stay();
}

static void by_shell(const char *script) {
	if (!child()) { wait(NULL); return; }
	execl("/bin/sh", "sh", "-c", script, self, report, NULL);
	die("sh");
}

static void orphan(void) { by_shell("(: | \"$0\" stay \"$1\" | \"$0\" sleep \"$1\") &"); }
static void nohupped(void) { by_shell("nohup setsid \"$0\" stay \"$1\" >/dev/null 2>&1 &"); }

static void daemonized(void) {
	if (!child()) return;
	must(daemon(0, 0), "daemon");
	deaf();
	stay();
}

static void unmarked(void) { if (detach()) { unmark(); stay(); } }
static void unmarked_env(void) { if (detach()) { unmark(); again("stay", nothing); } }
static void unmarked_closed(void) {
	if (!detach()) return;
	unmark();
	bare();
}

// unmarked_child has nothing that tells whose it is but a parent that has.
static void unmarked_child(void) {
	if (!child()) return;
	if (child()) {
		must(setsid(), "setsid");
		deaf();
		unmark();
		again("closed_stay", nothing);
	}
	hold();
}

// stealth has nothing at all that tells whose it is.
static void stealth(void) { if (detach()) { unmark(); again("closed_stay", nothing); } }
static void closed_stay(void) {
	deaf();
	bare();
}

static void user_ns(void) { if (detach()) { must(unshare(CLONE_NEWUSER), "unshare"); stay(); } }
static void mount_ns(void) { if (detach()) { own_world(CLONE_NEWNS); stay(); } }
static void pid_ns(void) {
	if (!detach()) return;
	own_world(CLONE_NEWPID);
	if (child()) { setsid(); if (child()) stay(); hold(); }
	hold();
}

// moved leaves its cgroup; PATH is the cgroup.procs of another one.
static void moved(void) { if (detach()) { put(path, "0"); stay(); } }
static void moved_stealth(void) { if (detach()) { put(path, "0"); again("closed_stay", nothing); } }
static void moved_unmarked(void) { if (detach()) { put(path, "0"); unmark(); stay(); } }

static void *thread(void *main_thread) {
	pthread_join(*(pthread_t *)main_thread, NULL);
	stay();
	return NULL;
}
static void leaderless(void) {
	if (!detach()) return;
	static pthread_t leader;
	pthread_t t;
	leader = pthread_self();
	if (pthread_create(&t, NULL, thread, &leader)) die("pthread_create");
	pthread_exit(NULL);
}

static void holds_pipe(void) { if (detach()) { if (write(1, "held\n", 5) < 0) die("write"); stay(); } }

static void other_user(void) {
	if (!detach()) return;
	int fd = open(report, O_WRONLY | O_CLOEXEC);
	must(fd, report);
	must(setresgid(65534, 65534, 65534), "setresgid");
	must(setresuid(65534, 65534, 65534), "setresuid");
	if (write(fd, ".", 1) != 1) die("report");
	hold();
}

static void subreaper(void) {
	if (!detach()) return;
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
	if (child()) { if (child()) stay(); _exit(0); }
	hold();
}

// heir begins anew, elsewhere, in the moment its parent dies.
static void inherit(int s) {
	(void)s;
	if (fork() != 0) _exit(0);
	setsid();
}
static void heir(void) {
	if (!child()) return;
	setsid();
	deaf();
	signal(SIGUSR1, inherit);
	must(prctl(PR_SET_PDEATHSIG, SIGUSR1), "prctl");
	stay();
}

static int sibling_of_main(void *f) { setsid(); deaf(); ((void (*)(void))f)(); return 0; }
static void beget(void (*f)(void)) {
	static char stack[1 << 16] __attribute__((aligned(16)));
	must(clone(sibling_of_main, stack + sizeof stack, CLONE_PARENT | SIGCHLD, (void *)f), "clone");
}
static void sibling(void) { beget(stay); }
static void unmark_stay(void) { unmark(); again("closed_stay", nothing); }
static void unmarked_sibling(void) { beget(unmark_stay); }
static void orphan_sibling(void) { if (detach()) { beget(unmark_stay); hold(); } }
static void sibling_chain_on(void) { unmark(); chain_on(time(NULL) + lifetime, sibling_of); }
static void sibling_chain(void) { beget(sibling_chain_on); }
static void move_unmark_stay(void) { put(path, "0"); unmark(); again("closed_stay", nothing); }
static void scrub_stay(void) {
	unmark();
	for (char **e = environ; *e; e++) memset(*e, 0, strlen(*e));
	closed_stay();
}
static void scrubbed_sibling(void) { beget(scrub_stay); }
static void moved_sibling(void) { beget(move_unmark_stay); }

// faceless runs from a file that has no name.
static void faceless(void) {
	if (!detach()) return;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = memfd_create(strrchr(self, '/') + 1, MFD_CLOEXEC);
	char buf[1 << 16];
	for (ssize_t n; (n = read(from, buf, sizeof buf)) > 0;) if (write(to, buf, n) != n) die("write");
	char *argv[] = {"[kworker/0:1]", "stay", (char *)report, NULL};
	fexecve(to, argv, nothing);
	die("fexecve");
}

static void asleep(void) { hold(); }

static const struct { const char *name; void (*run)(void); } kinds[] = {
	{"double_fork", double_fork}, {"new_session", new_session}, {"new_group", new_group}, {"clean_env", clean_env},
	{"no_term", no_term}, {"no_signal", no_signal}, {"stopped", stopped}, {"zombies", zombies}, {"bomb", bomb},
	{"chain", chain}, {"unmarked_chain", unmarked_chain}, {"pair", pair}, {"traced", traced}, {"vforked", vforked},
	{"renamed", renamed}, {"closed", closed}, {"chrooted", chrooted}, {"nowhere", nowhere}, {"orphan", orphan},
	{"nohupped", nohupped}, {"daemonized", daemonized}, {"unmarked", unmarked}, {"unmarked_env", unmarked_env},
	{"unmarked_closed", unmarked_closed}, {"unmarked_child", unmarked_child}, {"stealth", stealth}, {"user_ns", user_ns},
	{"mount_ns", mount_ns}, {"pid_ns", pid_ns}, {"moved", moved}, {"moved_stealth", moved_stealth},
	{"moved_unmarked", moved_unmarked}, {"leaderless", leaderless}, {"holds_pipe", holds_pipe},
	{"other_user", other_user}, {"subreaper", subreaper}, {"heir", heir}, {"sibling", sibling},
	{"unmarked_sibling", unmarked_sibling}, {"orphan_sibling", orphan_sibling}, {"sibling_chain", sibling_chain},
	{"scrubbed_sibling", scrubbed_sibling}, {"moved_sibling", moved_sibling}, {"faceless", faceless}, {"bystander", ready},
	{"stay", stay}, {"closed_stay", closed_stay}, {"sleep", asleep},
};

int main(int argc, char **argv) {
	if (argc < 3) return 2;
	self = argv[0], kind = argv[1], report = argv[2], path = argc > 3 ? argv[3] : "";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].name, kind) == 0) {
			kinds[i].run();
			hold();
		}
	}
	fprintf(stderr, "there is no kind %s\n", kind);
	return 2;
}
