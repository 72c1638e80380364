package control

import (
	"context"
	"errors"
	"strings"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
)

// WireError gives an error the code and the data a client can rely on.
func WireError(err error) error {
	var (
		wire      *ipc.Error
		unknown   *supervisor.UnknownUnitError
		project   *supervisor.UnknownProjectError
		ambiguous *supervisor.AmbiguousError
		taken     *supervisor.TakenError
		spawn     *supervisor.SpawnError
		invalid   *config.Invalid
		unread    *config.ReadError
		earlier   *supervisor.NoGenerationError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wire):
		return wire
	case errors.As(err, &unknown):
		e := ipc.Errorf(ipc.CodeUnknownUnit, "%s", err.Error())
		e.Try = nearest(unknown.Name, unknown.Known, "sysg status --all lists the units")
		e.Data = map[string]any{"unit": unknown.Name, "known": head(unknown.Known)}
		return e
	case errors.As(err, &project):
		e := ipc.Errorf(ipc.CodeUnknownProject, "%s", err.Error())
		e.Try = nearest(project.Name, project.Known, "sysg status --all lists the projects")
		e.Data = map[string]any{"project": project.Name, "known": head(project.Known)}
		return e
	case errors.As(err, &ambiguous):
		e := ipc.Errorf(ipc.CodeUsage, "%s", err.Error())
		e.Try = "name it as project/unit, or add --project"
		return e
	case errors.As(err, &taken):
		e := ipc.Errorf(ipc.CodeRefused, "%s", err.Error())
		e.Try = "give it another name with --name"
		e.Data = map[string]any{"reason": "name_taken", "unit": taken.ID}
		return e
	case errors.As(err, &spawn):
		e := ipc.Errorf(ipc.CodeRefused, "%s", err.Error())
		e.Try = spawn.Try
		e.Data = map[string]any{"reason": string(spawn.Reason), "parent": spawn.Parent}
		return e
	case errors.As(err, &invalid):
		e := ipc.Errorf(ipc.CodeManifestInvalid, "the manifest has %d errors", len(invalid.Diagnostics))
		e.Data = map[string]any{"diagnostics": invalid.Diagnostics}
		return e
	case errors.As(err, &earlier):
		e := ipc.Errorf(ipc.CodeFailed, "%s", err.Error())
		e.Try = "change the manifest, and sysg deploy " + earlier.Name()
		return e
	case errors.As(err, &unread):
		e := ipc.Errorf(ipc.CodeManifestInvalid, "%s", err.Error())
		e.Try = unread.Try()
		return e
	}
	return otherError(err)
}

// otherError is WireError of what is no error of names or manifests.
func otherError(err error) error {
	var adhoc *supervisor.AdhocError
	switch {
	case errors.As(err, &adhoc):
		e := ipc.Errorf(ipc.CodeRefused, "%s", err.Error())
		e.Try = "sysg restart " + adhoc.Name
		return e
	case errors.Is(err, supervisor.ErrClosing):
		return ipc.Errorf(ipc.CodeShuttingDown, "the supervisor is shutting down")
	case errors.Is(err, context.DeadlineExceeded):
		return ipc.Errorf(ipc.CodeTimeout, "the time is over")
	case errors.Is(err, context.Canceled):
		return ipc.Errorf(ipc.CodeCanceled, "the request was canceled")
	}
	return ipc.Errorf(ipc.CodeFailed, "%s", err.Error())
}

// Several is the error of a request about one unit whose name stands for
// replicas.
func Several(name string, views []*supervisor.View) *ipc.Error {
	var ids, names []string
	for _, v := range views {
		ids, names = append(ids, v.ID), append(names, v.Def.Name)
	}
	e := ipc.Errorf(ipc.CodeUsage, "%q stands for %s", name, strings.Join(head(names), ", "))
	e.Try = "name one of them"
	e.Data = map[string]any{"replicas": ids}
	return e
}

// knownAtMost is how many names an error carries, so that it stays readable.
const knownAtMost = 50

func head(names []string) []string { return names[:min(len(names), knownAtMost)] }

// nearest suggests a name that differs only a little, or falls back.
func nearest(name string, known []string, fallback string) string {
	for _, k := range known {
		if strings.EqualFold(k, name) || config.Near(name, k) {
			return "did you mean " + k + "?"
		}
	}
	return fallback
}
