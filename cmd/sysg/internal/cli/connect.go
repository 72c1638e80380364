package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/privilege"
	"systemg/supervisor/store"
)

// helloTime is how long a supervisor has to say hello, answerTime to answer
// what it can answer at once.
const (
	helloTime  = 5 * time.Second
	answerTime = 10 * time.Second
)

// comebackTime is how long a command waits for a supervisor that is on its way
// up, or is being started again by its guardian.
const comebackTime = 2 * time.Second

// dial connects to the supervisor. One that is not there though its state
// directory is held is waited for, unless its guardian says that it crashes.
func (a *app) dial(ctx context.Context) (*ipc.Client, error) {
	client, err := a.dialNow(ctx)
	if !notRunning(err) || !store.Locked(a.paths) {
		return client, err
	}
	if _, crashes := guardian.ReadNote(a.paths.Trouble()); crashes {
		return client, err
	}
	soon, cancel := context.WithTimeout(ctx, comebackTime)
	defer cancel()
	if late, errLate := a.dialWhenThere(soon); errLate == nil {
		return late, nil
	}
	return client, err
}

// dialNow connects to the supervisor that is there, for a command that starts
// something only where that heeds the flags.
func (a *app) dialNow(ctx context.Context) (*ipc.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	client, err := ipc.DialAs(ctx, a.paths.Socket(), ipc.HelloParams{Client: "sysg " + Version, Quiet: !a.showsProgress()})
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.CodeLost {
		// It ended before it said hello.
		return nil, ipc.Errorf(ipc.CodeNotRunning, "the supervisor is ending: %s", e.Message)
	}
	if err == nil && !a.looks && !a.ends {
		if err := a.heeded(client.Hello()); err != nil {
			_ = client.Close()
			return nil, err
		}
	}
	return client, err
}

// heeded says which flag that decides what is enforced the supervisor that runs
// was started without: it would count for nothing.
func (a *app) heeded(h ipc.HelloResult) error {
	var wanted []string
	if a.DropPrivileges {
		wanted = append(wanted, "--drop-privileges")
	}
	if a.SocketGroup != "" {
		wanted = append(wanted, "--socket-group "+a.SocketGroup)
	}
	for _, flag := range wanted {
		if !slices.Contains(h.Flags, flag) {
			e := ipc.Errorf(ipc.CodeRefused, "the supervisor that runs was started without %s", flag)
			e.Try = "sysg --sys stop, and start it with the flag"
			return e
		}
	}
	return nil
}

// notRunning is whether an error says that there is no supervisor.
func notRunning(err error) bool {
	var e *ipc.Error
	return errors.As(err, &e) && e.Code == ipc.CodeNotRunning
}

// ask makes one request that is answered at once.
func ask[T any](a *app, op, method string, params any) (T, error) {
	var result T
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return result, cannot(op, err)
	}
	defer client.Close()
	ctx, end := context.WithTimeout(ctx, answerTime)
	defer end()
	err = client.Call(ctx, method, params, &result)
	if errors.Is(err, context.DeadlineExceeded) {
		err = frozen(client.Hello().PID)
	}
	return result, cannot(op, err)
}

// frozen is the error of a supervisor that said hello and then nothing.
func frozen(pid int) error {
	e := ipc.Errorf(ipc.CodeTimeout, "the supervisor (pid %d) does not answer", pid)
	e.Try = "look whether it is stopped or the disk hangs; its units run on without it"
	return e
}

// selection is what names and --project select.
func (a *app) selection(names []string) ipc.Selection {
	sel := ipc.Selection{Units: names, Project: a.Project}
	if len(names) > 0 {
		sel.Near = a.near()
	}
	return sel
}

// near is the folder whose project a name is looked for in first, empty where a
// project is named.
func (a *app) near() string {
	if a.Project != "" {
		return ""
	}
	folder, err := os.Getwd()
	if err != nil {
		return ""
	}
	return folder
}

// scope has commands that show or stop what runs narrowed to the project of
// the manifest that --config names, as if --project had named it. A manifest
// of several projects narrows nothing. The project need not be known to the
// supervisor.
func (a *app) scope() error {
	if !a.named || a.Project != "" {
		return nil
	}
	path, err := a.manifestPath()
	if err != nil {
		return err
	}
	hint, err := store.ReadHint(a.paths)
	if err != nil {
		return err
	}
	var ids []string
	for id, manifest := range hint.Manifests {
		if manifest == path {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		// It was never used: only the file itself can tell.
		plan, err := a.load(ipc.Manifest{Path: path, Env: a.Environ})
		if err != nil {
			return err
		}
		for _, p := range plan.Projects {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 1 {
		a.Project, a.scoped = ids[0], true
	}
	return nil
}

// neverStarted is whether an error says that the project of the manifest
// which --config names is one that nobody has started.
func (a *app) neverStarted(err error) bool {
	var e *ipc.Error
	return a.scoped && errors.As(err, &e) && e.Code == ipc.CodeUnknownProject
}

// manifest is the manifest a command is about, with the caller's environment:
// --config, or the project's, or the one in this folder, or the last one
// used. Path is empty where there is none.
func (a *app) manifest() (ipc.Manifest, error) {
	path, err := a.manifestPath()
	if err != nil || path == "" {
		return ipc.Manifest{}, err
	}
	return ipc.Manifest{Path: path, Env: a.Environ}, nil
}

// manifestOf is the manifest of a command about the units of these names, and
// what read makes of it. Where all are given as project/unit, it is that
// project's, wherever the caller is. Units that came from a command line have
// none, whatever lies in this folder: known says that they are such.
func (a *app) manifestOf(names []string, read func(ipc.Manifest) (*config.Plan, error)) (m ipc.Manifest, plan *config.Plan, known bool, err error) {
	if a.Project == "" && a.Config == "" {
		a.Project = commonProject(names)
	}
	if m, err = a.manifest(); err != nil {
		return m, nil, false, err
	}
	if m.Path != "" {
		if plan, err = read(m); err != nil {
			return m, nil, false, err
		}
	}
	if a.Config == "" && !named(plan, names) && a.areAdhoc(names) {
		return ipc.Manifest{}, nil, true, nil
	}
	if a.Config == "" && a.Project == "" && len(names) > 0 && !here() {
		return m, plan, false, a.ambiguous(names)
	}
	return m, plan, false, nil
}

// here is whether a manifest lies in this folder.
func here() bool {
	dir, err := os.Getwd()
	if err != nil {
		return false
	}
	_, ok := config.Find(dir)
	return ok
}

// ambiguous is the error of names that several projects have, for a caller who
// stands in none of them: which manifest was used last decides nothing.
func (a *app) ambiguous(names []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		// Whoever asks next is told.
		return nil
	}
	defer client.Close()
	_, err = a.unitsOf(ctx, client, a.selection(names))
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.CodeUsage {
		return err
	}
	return nil
}

// named is whether the plan has units of all the names.
func named(plan *config.Plan, names []string) bool {
	has := map[string]bool{}
	if plan != nil {
		for _, p := range plan.Projects {
			for i := range p.Units {
				u := &p.Units[i]
				for _, name := range []string{u.Name, u.Base} {
					has[name], has[p.ID+"/"+name] = true, true
				}
			}
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool { return !has[name] })
}

// areAdhoc is whether all the names are those of units that came from a command
// line, as far as anybody knows.
func (a *app) areAdhoc(names []string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	client, err := a.dial(ctx)
	switch {
	case err == nil:
		defer client.Close()
	case !notRunning(err):
		// Whoever asks next is told.
		return false
	}
	list, err := a.unitsOf(ctx, client, a.selection(names))
	others := slices.ContainsFunc(list, func(u ipc.Unit) bool { return u.Kind != "adhoc" })
	return err == nil && len(list) > 0 && !others
}

// commonProject is the project of names that all are of one, as project/unit;
// empty for others. Its manifest is the one to read, wherever the caller is.
func commonProject(names []string) string {
	common := ""
	for i, name := range names {
		project, _, ok := strings.Cut(name, "/")
		if !ok || i > 0 && project != common {
			return ""
		}
		common = project
	}
	return common
}

func (a *app) manifestPath() (string, error) {
	if a.Config != "" {
		path, err := absolute(a.Config)
		if err != nil {
			return "", err
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			found, ok := config.Find(path)
			if !ok {
				return "", &failure{
					code: ipc.CodeManifestInvalid, text: fmt.Sprintf("there is no systemg.yaml in %s", path),
					try: "name the manifest itself with --config",
				}
			}
			return found, nil
		}
		return path, nil
	}
	hint, err := store.ReadHint(a.paths)
	if err != nil {
		a.remark("cannot read which manifest was used last: %v", err)
	}
	if a.Project != "" {
		if path, ok := hint.Manifests[a.Project]; ok {
			return path, nil
		}
	}
	if a.Sys {
		// A folder that somebody else may write to is not looked into by
		// root.
		if found, ok := config.Find(systemFolder); ok {
			return found, nil
		}
		return hint.Last, nil
	}
	if dir, err := os.Getwd(); err == nil {
		if found, ok := config.Find(dir); ok {
			return filepath.Clean(found), nil
		}
	}
	return hint.Last, nil
}

// load reads the manifest here, so that what is wrong with it is said before
// anything is touched.
func (a *app) load(m ipc.Manifest) (*config.Plan, error) {
	self := privilege.Here(a.DropPrivileges)
	return config.Load(m.Path, config.Options{
		Env: m.Env, System: a.Sys, DropPrivileges: a.DropPrivileges, Root: self.Root(), Self: self.Name,
	})
}

// check reads a manifest before anything is asked for, and tells its warnings.
func (a *app) check(m ipc.Manifest) (*config.Plan, error) {
	plan, err := a.load(m)
	if err == nil && !a.Quiet && !a.JSON {
		for _, d := range plan.Warnings {
			fmt.Fprintln(a.Stderr, d)
		}
	}
	return plan, err
}

// systemFolder is where --sys looks for a manifest that is not named.
const systemFolder = "/etc/systemg"

// noManifest is the error of a command that needs one.
func (a *app) noManifest() error {
	if a.Project != "" {
		return &failure{
			code: ipc.CodeUnknownProject, text: fmt.Sprintf("no project is called %q", a.Project),
			try: "sysg start -c path/to/systemg.yaml",
		}
	}
	if a.Sys {
		return &failure{
			code: ipc.CodeUsage, text: "there is no manifest: no systemg.yaml in " + systemFolder + ", and none was used before",
			try: "sysg --sys start -c /etc/systemg/NAME.yaml",
		}
	}
	return &failure{
		code: ipc.CodeUsage, text: "there is no manifest: no systemg.yaml in this folder, and none was used before",
		try: "sysg start -c path/to/systemg.yaml",
	}
}
