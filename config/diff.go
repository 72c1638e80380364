package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Diff names the manifest keys in which two definitions of a unit differ, in
// alphabetical order. Where something stands in a manifest does not count.
func Diff(old, changed *Unit) []string {
	a, b := old, changed
	var keys []string
	add := func(key string, differs bool) {
		if differs {
			keys = append(keys, key)
		}
	}
	add("command", a.Command != b.Command)
	add("exec", !slices.Equal(a.Exec, b.Exec))
	add("working_dir", a.Dir != b.Dir)
	keys = append(keys, diffEnv(a.Env, b.Env)...)
	add("type", (a.Kind == Oneshot) != (b.Kind == Oneshot))
	add("restart_policy", a.Restart != b.Restart)
	add("backoff", a.Backoff != b.Backoff)
	add("max_restarts", !sameValue(a.MaxRestarts, b.MaxRestarts))
	add("restart_reset", a.RestartReset != b.RestartReset)
	add("depends_on", !slices.EqualFunc(a.Depends, b.Depends, sameDependency))
	add("skip", a.Skip != b.Skip)
	add("stop_signal", a.Stop.Signal != b.Stop.Signal)
	add("stop_timeout", a.Stop.Timeout != b.Stop.Timeout)
	add("stop_command", a.Stop.Command != b.Stop.Command)
	add("logs", a.Logs != b.Logs)
	add("health_check", !reflect.DeepEqual(a.Health, b.Health))
	add("deployment.strategy", a.Deployment.Strategy != b.Deployment.Strategy)
	add("deployment.pre_start", a.Deployment.PreStart != b.Deployment.PreStart)
	add("deployment.grace_period", a.Deployment.GracePeriod != b.Deployment.GracePeriod)
	add("deployment.blue_green", !reflect.DeepEqual(a.Deployment.BlueGreen, b.Deployment.BlueGreen))
	add("sockets", !slices.Equal(a.Sockets, b.Sockets))
	add("hooks", !reflect.DeepEqual(a.Hooks, b.Hooks))
	add("cron", !sameValue(a.Cron, b.Cron))
	add("spawn", !sameValue(a.Spawn, b.Spawn))
	add("watch", !reflect.DeepEqual(a.Watch, b.Watch))
	add("replicas", (a.Replica == 0) != (b.Replica == 0))
	keys = append(keys, diffPrivileges(&a.Privileges, &b.Privileges)...)
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}

func diffPrivileges(a, b *Privileges) []string {
	var keys []string
	for _, k := range []struct {
		name string
		same bool
	}{
		{"user", a.User == b.User},
		{"group", a.Group == b.Group},
		{"supplementary_groups", slices.Equal(a.SupplementaryGroups, b.SupplementaryGroups)},
		{"limits", maps.Equal(a.Limits, b.Limits) && maps.Equal(a.Cgroup, b.Cgroup) &&
			sameValue(a.Nice, b.Nice) && sameValue(a.OOMScoreAdj, b.OOMScoreAdj) && slices.Equal(a.CPUAffinity, b.CPUAffinity)},
		{"capabilities", slices.Equal(a.Capabilities, b.Capabilities)},
		{"isolation", maps.Equal(a.Isolation, b.Isolation) && reflect.DeepEqual(a.Landlock, b.Landlock)},
		{"env.inherit", a.InheritEnv == b.InheritEnv},
	} {
		if !k.same {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// diffEnv names the variables that came, went or changed.
func diffEnv(a, b []EnvVar) []string {
	old := map[string]string{}
	for _, v := range a {
		old[v.Name] = v.Value
	}
	var keys []string
	for _, v := range b {
		if value, ok := old[v.Name]; !ok || value != v.Value {
			keys = append(keys, "env.vars."+v.Name)
		}
		delete(old, v.Name)
	}
	for name := range old {
		keys = append(keys, fmt.Sprintf("env.vars.%s", name))
	}
	return keys
}

func sameDependency(a, b Dependency) bool {
	a.Pos, b.Pos = Position{}, Position{}
	return a == b
}

// sameValue compares what two pointers point at.
func sameValue[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
