package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// manifestOf is a manifest of a unit "a" that has a command and these lines; the
// unit "db" beside it is for dependencies.
func manifestOf(lines string) string {
	return "version: \"1\"\nservices:\n  db: {command: x}\n  a:\n    command: x\n    " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n"
}

// Manifests of which Load and the schema say the same.
var agreed = []struct {
	good bool
	text string
}{
	// The root.
	{true, "version: 1\nservices: {a: {command: x}}"},
	{true, "version: \"2\"\nservices: {a: {command: x}}"},
	{true, "version: 1.0\nservices: {a: {command: x}}"},
	{true, "version: 2\nprojects: {p: {services: {a: {exec: [x, 1, true]}}}}"},
	{true, "version: 2\nprojects: {p: {env: {vars: {A: 1}}, services: {a: {command: x}}}}\nservices: {a: {command: x}}"},
	{true, "version: 1\nproject: shop\nservices: {a: {command: x}}"},
	{true, "version: 1\nproject: 5\nservices: {on: {command: x}, no: {command: x}, \"007\": {command: x}, 1: {command: x}}"},
	{true, "version: 1\nenv:\nmetrics:\nservices: {a: {command: x}}"},
	{true, "version: 1\nmetrics: {sample_interval_secs: 60, retention_minutes: 5, max_memory_bytes: 10M, spillover_path: /x, spillover_max_bytes: 1}\nservices: {a: {command: x}}"},
	{false, "services: {a: {command: x}}"},
	{false, "version: 3\nservices: {a: {command: x}}"},
	{false, "version: \"1.0\"\nservices: {a: {command: x}}"},
	{false, "version: true\nservices: {a: {command: x}}"},
	{false, "version:\nservices: {a: {command: x}}"},
	{false, "version: 1"},
	{false, "version: 1\nservices:"},
	{false, "version: 1\nservices: {}"},
	{false, "version: 1\nservices: [a]"},
	{false, "version: 1\nservices: x"},
	{false, "version: 1\nservices: {a: }"},
	{false, "version: 1\nservices: {a: {}}"},
	{false, "version: 1\nservices: {a: [x]}"},
	{false, "version: 1\nservices: {../a: {command: x}}"},
	{false, "version: 1\nservices: {a/b: {command: x}}"},
	{false, "version: 1\nservices: {é: {command: x}}"},
	{false, "version: 1\nservices: {-a: {command: x}}"},
	{false, "version: 1\nservices: {" + strings.Repeat("a", 65) + ": {command: x}}"},
	{false, "version: 1\nproject: a b\nservices: {a: {command: x}}"},
	{false, "version: 1\nproject:\nservices: {a: {command: x}}"},
	{false, "version: 1\nservces: {a: {command: x}}"},
	{false, "version: 1\nservices: {a: {command: x}}\nextra: 1"},
	{false, "version: 2\nprojects: {}"},
	{false, "version: 2\nprojects: {p: }"},
	{false, "version: 2\nprojects: {p: {services: {}}}"},
	{false, "version: 2\nprojects: {p: {services: {a: {command: x}}, extra: 1}}"},
	{false, "version: 2\nprojects: {a/b: {services: {a: {command: x}}}}"},
	{false, "version: 1\nmetrics: {sample_interval_secs: 61}\nservices: {a: {command: x}}"},
	{false, "version: 1\nmetrics: {retention_minutes: 0}\nservices: {a: {command: x}}"},
	{false, "version: 1\nmetrics: 5\nservices: {a: {command: x}}"},
	// What runs.
	{true, manifestOf("type: oneshot\nrestart_policy: on-failure")},
	{true, manifestOf("working_dir: x")},
	{false, manifestOf("exec: [x]")},
	{false, "version: 1\nservices: {a: {working_dir: x}}"},
	{false, "version: 1\nservices: {a: {command: }}"},
	{false, "version: 1\nservices: {a: {command: \" \"}}"},
	{false, "version: 1\nservices: {a: {command: [x]}}"},
	{false, "version: 1\nservices: {a: {exec: []}}"},
	{false, "version: 1\nservices: {a: {exec: [\"\"]}}"},
	{false, "version: 1\nservices: {a: {exec: [x, ]}}\nx: 1"},
	{false, "version: 1\nservices: {a: {exec: [x, [y]]}}"},
	{false, "version: 1\nservices: {a: {exec: x}}"},
	{false, manifestOf("comand: x")},
	{false, manifestOf("type: daemon")},
	{false, manifestOf("working_dir: [x]")},
	{false, manifestOf("working_dir:")},
	{false, manifestOf("type: oneshot\nrestart_policy: always")},
	// Environment.
	{true, manifestOf("env: {file: [], vars: {A: 1, B: yes, C: , D: true, E: 1.5}, inherit: true}")},
	{true, manifestOf("env:\n  vars:")},
	{false, manifestOf("env: {A: 1}")},
	{false, manifestOf("env: [A=1]")},
	{false, manifestOf("env: {vars: [A=1]}")},
	{false, manifestOf("env: {vars: {A: [1]}}")},
	{false, manifestOf("env: {vars: {A=: 1}}")},
	{false, manifestOf("env: {vars: {\"\": 1}}")},
	{false, manifestOf("env: {inherit: maybe}")},
	// Restarts.
	{true, manifestOf("restart_policy: always\nbackoff: 5\nmax_restarts: 0\nrestart_reset: 1m")},
	{true, manifestOf("backoff: {initial: 500ms, factor: 1.5, max: 1h, jitter: 0}")},
	{true, manifestOf("max_restarts: \"5\"")},
	{true, manifestOf("restart_policy: ${POLICY:-always}\nmax_restarts: ${N:-3}\nstop_timeout: ${T:-3s}")},
	{false, manifestOf("restart_policy: sometimes")},
	{false, manifestOf("restart_policy: true")},
	{false, manifestOf("restart_policy:")},
	{false, manifestOf("backoff: soon")},
	{false, manifestOf("backoff: [1]")},
	{false, manifestOf("backoff: {factor: 0.5}")},
	{false, manifestOf("backoff: {jitter: 2}")},
	{false, manifestOf("backoff: {factr: 2}")},
	{false, manifestOf("max_restarts: -1")},
	{false, manifestOf("max_restarts: 1.5")},
	{false, manifestOf("max_restarts: many")},
	{false, manifestOf("max_restarts: [1]")},
	// Durations and sizes.
	{true, manifestOf("stop_timeout: 0")},
	{true, manifestOf("stop_timeout: 1.5")},
	{true, manifestOf("stop_timeout: 1h30m")},
	{true, manifestOf("stop_timeout: 2d")},
	{false, manifestOf("stop_timeout: -1")},
	{false, manifestOf("stop_timeout: -1s")},
	{false, manifestOf("stop_timeout: 5 s")},
	{false, manifestOf("stop_timeout: 5 minutes")},
	{false, manifestOf("stop_timeout: \"\"")},
	{false, manifestOf("stop_timeout: 1e300")},
	{false, manifestOf("stop_timeout: true")},
	{false, manifestOf("stop_timeout: 99999999999")},
	{true, manifestOf("logs: {max_bytes: 1.5K, max_files: 1, sink: none}")},
	{true, manifestOf("logs: {max_bytes: 10 MiB}")},
	{false, manifestOf("logs: {max_bytes: 0}")},
	{false, manifestOf("logs: {max_bytes: 0K}")},
	{false, manifestOf("logs: {max_bytes: -1}")},
	{false, manifestOf("logs: {max_bytes: 10X}")},
	{false, manifestOf("logs: {max_files: 0}")},
	{false, manifestOf("logs: {sink: syslog}")},
	{false, manifestOf("logs: none")},
	// Stops.
	{true, manifestOf("stop_signal: term\nstop_command: x")},
	{true, manifestOf("stop_signal: SIGRTMIN+3")},
	{true, manifestOf("stop_signal: 15")},
	{true, manifestOf("stop_signal: \"15\"")},
	{false, manifestOf("stop_signal: SIGFOO")},
	{false, manifestOf("stop_signal: 65")},
	{false, manifestOf("stop_signal: 0")},
	{false, manifestOf("stop_signal: [TERM]")},
	{false, manifestOf("stop_signal: true")},
	// Skip and replicas.
	{true, manifestOf("skip: true")},
	{true, manifestOf("skip: test -e x")},
	{false, manifestOf("skip: \"\"")},
	{false, manifestOf("skip: [x]")},
	{true, manifestOf("replicas: 1000")},
	{false, manifestOf("replicas: 0")},
	{false, manifestOf("replicas: -1")},
	{false, manifestOf("replicas: 1001")},
	// Dependencies.
	{true, manifestOf("depends_on: [db]")},
	{true, manifestOf("depends_on: db")},
	{true, manifestOf("depends_on:")},
	{true, manifestOf("depends_on: {db: }")},
	{true, manifestOf("depends_on: {db: {condition: started, cascade: false}}")},
	{true, manifestOf("depends_on: {db: {condition: log, log: ready}}")},
	{false, manifestOf("depends_on: [[db]]")},
	{false, manifestOf("depends_on: [db, ]\ncascade: 1")},
	{false, manifestOf("depends_on: {db: started}")},
	{false, manifestOf("depends_on: {db: {condition: up}}")},
	{false, manifestOf("depends_on: {db: {condition: log}}")},
	{false, manifestOf("depends_on: {db: {condition: started, log: x}}")},
	{false, manifestOf("depends_on: {db: {log: x}}")},
	{false, manifestOf("depends_on: {db: {cascade: maybe}}")},
	{false, manifestOf("depends_on: {db: {when: up}}")},
	// Health.
	{true, manifestOf("health_check: {url: \"http://localhost:8080/health\", timeout: 60s, retries: 5}")},
	{true, manifestOf("health_check: {tcp: \"127.0.0.1:5432\", interval: 1, attempt_timeout: 2s, total_timeout: 1m, start_period: 0, liveness: restart}")},
	{true, manifestOf("health_check: {command: test -e x}")},
	{true, manifestOf("health_check: {notify: true, watchdog: 10s}")},
	{true, manifestOf("health_check: {log: ready, notify: false}")},
	{true, manifestOf("deployment: {health_check: {tcp: \"x:1\"}}")},
	{false, manifestOf("health_check: {}")},
	{false, manifestOf("health_check: x")},
	{false, manifestOf("health_check: {notify: false}")},
	{false, manifestOf("health_check: {url: \"http://x\", tcp: \"x:1\"}")},
	{false, manifestOf("health_check: {url: nowhere}")},
	{false, manifestOf("health_check: {url: \"\"}")},
	{false, manifestOf("health_check: {tcp: x}")},
	{false, manifestOf("health_check: {tcp: \"x:0\"}")},
	{false, manifestOf("health_check: {command: x, retries: 0}")},
	{false, manifestOf("health_check: {command: x, interval: 0}")},
	{false, manifestOf("health_check: {command: x, interval: 0s}")},
	{false, manifestOf("health_check: {command: x, timeout: 1, total_timeout: 1}")},
	{false, manifestOf("health_check: {command: x, watchdog: 1}")},
	{false, manifestOf("health_check: {command: x, liveness: kill}")},
	{false, manifestOf("health_check: {command: x, path: /}")},
	{false, manifestOf("health_check: {tcp: \"x:1\"}\ndeployment: {health_check: {tcp: \"x:1\"}}")},
	// Deployment.
	{true, manifestOf("deployment: {strategy: rolling, pre_start: make, grace_period: 5s}")},
	{true, manifestOf("deployment: {blue_green: {env_var: SLOT, slots: [a, b], switch_command: s, candidate_health_check: {tcp: \"x:1\"}, switch_verify: x}}")},
	{false, manifestOf("deployment: rolling")},
	{false, manifestOf("deployment: {strategy: fast}")},
	{false, manifestOf("deployment: {blue_green: {slots: [a, b]}}")},
	{false, manifestOf("deployment: {blue_green: {slots: [a, a], switch_command: s}}")},
	{false, manifestOf("deployment: {blue_green: {slots: [a], switch_command: s}}")},
	{false, manifestOf("deployment: {blue_green: {env_var: a-b, slots: [a, b], switch_command: s}}")},
	{false, manifestOf("deployment: {blue_green: {slots: [a, b], switch_command: s, candidate_health_check: {}}}")},
	// Sockets.
	{true, manifestOf("sockets: [{name: http, listen: \"tcp://127.0.0.1:8080\"}, {listen: \"unix:///run/x.sock\", mode: \"0660\", user: x}]")},
	{true, manifestOf("sockets: []")},
	{false, manifestOf("sockets: [\"tcp://127.0.0.1:80\"]")},
	{false, manifestOf("sockets: {listen: \"tcp://127.0.0.1:80\"}")},
	{false, manifestOf("sockets: [{name: x}]")},
	{false, manifestOf("sockets: [{listen: \"http://x:80\"}]")},
	{false, manifestOf("sockets: [{listen: \"tcp://x:0\"}]")},
	{false, manifestOf("sockets: [{listen: \"unix://x\"}]")},
	{false, manifestOf("sockets: [{listen: \"unix:///x\", mode: \"999\"}]")},
	{false, manifestOf("sockets: [{listen: \"tcp://x:1\", mode: \"0660\"}]")},
	{false, manifestOf("sockets: [{listen: \"tcp://x:1\", name: \"a:b\"}]")},
	{false, manifestOf("sockets: [null]")},
	// Hooks.
	{true, manifestOf("hooks: {onstart: echo, onerr: {command: x, timeout: 1s}}")},
	{true, manifestOf("hooks: {on_start: {success: echo, error: {webhook: {url: \"https://x.y/z\", headers: {A: b}, secret: s, timeout: 1, retries: 0}}}, on_stop: {success: {command: x}}, on_restart: {error: x}}")},
	{false, manifestOf("hooks: echo")},
	{false, manifestOf("hooks: {on_start: echo}")},
	{false, manifestOf("hooks: {on_start: {failure: echo}}")},
	{false, manifestOf("hooks: {onstart: {}}")},
	{false, manifestOf("hooks: {onstart: {command: x, timeout: 0}}")},
	{false, manifestOf("hooks: {onstart: {webhook: {}}}")},
	{false, manifestOf("hooks: {onstart: {webhook: {url: x}}}")},
	{false, manifestOf("hooks: {onstart: {webhook: {url: \"http://x\", retries: -1}}}")},
	// Cron.
	{true, manifestOf("cron: {expression: \"0 0 * * * *\", timezone: America/New_York, overlap: queue, timeout: 1h, jitter: 5s, catch_up: once, history: 3}\nrestart_policy: never")},
	{true, manifestOf("cron: {expression: \"@daily\"}")},
	{false, manifestOf("cron: \"@daily\"")},
	{false, manifestOf("cron: {}")},
	{false, manifestOf("cron: {expression: \"\"}")},
	{false, manifestOf("cron: {expression: \"@daily\", timezone: \"\"}")},
	{false, manifestOf("cron: {expression: \"@daily\", overlap: both}")},
	{false, manifestOf("cron: {expression: \"@daily\", history: 0}")},
	{false, manifestOf("cron: {expression: \"@daily\"}\nrestart_policy: always")},
	{false, manifestOf("cron: {expression: \"@daily\"}\nrestart_policy: on-failure")},
	{false, manifestOf("cron: {expression: \"@daily\"}\nhealth_check: {tcp: \"x:1\"}")},
	{false, manifestOf("cron: {expression: \"@daily\"}\ndeployment: {health_check: {tcp: \"x:1\"}}")},
	{false, manifestOf("cron: {expression: \"@daily\"}\ntype: oneshot")},
	// Privileges.
	{true, manifestOf("user: www-data\ngroup: 33\nsupplementary_groups: [www-logs]\ncapabilities: [CAP_NET_BIND_SERVICE, sys_nice]")},
	{true, manifestOf("limits: {nofile: 65536, nproc: 4K, memlock: unlimited, core: 0, stack: infinity, nice: -5, cpu_affinity: [0, 1], oom_score_adj: 500}")},
	{true, manifestOf("limits: {cpu_affinity: 3, cgroup: {memory_max: 512M, memory_high: max, cpu_max: \"200000 100000\", cpu_weight: 100, pids_max: 50, io_weight: 5, root: x}}")},
	{true, manifestOf("limits: {cgroup: {pids_max: max, cpu_max: 50000}}")},
	{true, manifestOf("isolation: {network: true, mount: true, pid: true, user: false, uts: true, ipc: true, private_tmp: true, private_devices: true, read_only: true, landlock: {ro: [/usr], rw: /tmp}, seccomp: default, apparmor_profile: x, selinux_context: x}")},
	{false, manifestOf("capabilities: [CAP_FLY]")},
	{false, manifestOf("capabilities: CAP_CHOWN")},
	{false, manifestOf("supplementary_groups: x")},
	{false, manifestOf("limits: {nofile: lots}")},
	{false, manifestOf("limits: {nofile: -1}")},
	{false, manifestOf("limits: {nice: 20}")},
	{false, manifestOf("limits: {nice: low}")},
	{false, manifestOf("limits: {cpu_affinity: [-1]}")},
	{false, manifestOf("limits: {cpu_affinity: [a]}")},
	{false, manifestOf("limits: {cpu_affinity: {a: 1}}")},
	{false, manifestOf("limits: {oom_score_adj: 1001}")},
	{false, manifestOf("limits: {memory_max: 5M}")},
	{false, manifestOf("limits: {cgroup: {memory_max: much}}")},
	{false, manifestOf("limits: {cgroup: {cpu_max: \"1 2 3\"}}")},
	{false, manifestOf("limits: {cgroup: {cpu_weight: 0}}")},
	{false, manifestOf("limits: {cgroup: {pids_max: 0}}")},
	{false, manifestOf("isolation: true")},
	{false, manifestOf("isolation: {network: 1}")},
	{false, manifestOf("isolation: {landlock: {ro: {a: 1}}}")},
	// Spawn and watch.
	{true, manifestOf("spawn: {mode: dynamic, limits: {children: 5, depth: 2, descendants: 10}}\nwatch: {paths: [src], ignore: \"*.o\", debounce: 1s}")},
	{false, manifestOf("spawn: {mode: static}")},
	{false, manifestOf("spawn: {limits: {children: -1}}")},
	{false, manifestOf("watch: {ignore: x}")},
	{false, manifestOf("watch: src")},
	{false, manifestOf("watch: {paths: []}")},
}

// Manifests that are wrong in a way which the schema does not see.
var beyondTheSchema = []string{
	manifestOf("depends_on: [nobody]"),
	manifestOf("depends_on: [a]"),
	manifestOf("env: {file: nosuch.env}"),
	manifestOf("health_check: {log: \"(\"}"),
	manifestOf("cron: {expression: \"99 * * * *\"}"),
	manifestOf("cron: {expression: \"@daily\", timezone: Mars/Phobos}"),
	manifestOf("max_restarts: \"-1\""),
	manifestOf("skip: yes"),
	manifestOf("backoff: {initial: 2m, max: 1m}"),
	manifestOf("restart_policy: ${NOBODY_SET_THIS}"),
}

// document is a manifest as an editor's validator has it.
func document(t *testing.T, text string) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(textKeys(doc))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// textKeys makes text of the keys of all maps.
func textKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = textKeys(value)
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = textKeys(value)
		}
	case []any:
		for i, value := range v {
			v[i] = textKeys(value)
		}
	}
	return v
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("manifest.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSchemaAgreesWithLoad(t *testing.T) {
	s := compiledSchema(t)
	for _, c := range agreed {
		_, err := load(t, c.text)
		if (err == nil) != c.good {
			t.Errorf("Load says %v of\n%s", told(err), c.text)
		}
		if err := s.Validate(document(t, c.text)); (err == nil) != c.good {
			t.Errorf("the schema says %v of\n%s", err, c.text)
		}
	}
	for _, text := range beyondTheSchema {
		if _, err := load(t, text); err == nil {
			t.Errorf("Load accepts\n%s", text)
		}
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("the schema says more than was thought, %v, of\n%s", err, text)
		}
	}
}

// Every manifest of the examples and the manual is valid by the schema too.
func TestTheSchemaAcceptsTheExamples(t *testing.T) {
	s := compiledSchema(t)
	var texts []string
	for _, path := range slices.Concat(matches(t, "../examples/*/systemg.yaml"), matches(t, "testdata/valid/*.yaml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	manual, err := os.ReadFile("../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(manual), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		texts = append(texts, text)
	}
	for _, text := range texts {
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	return list
}

// Every key is in the table of what is agreed on, so that none is forgotten.
func TestEveryKeyIsTried(t *testing.T) {
	var all strings.Builder
	for _, c := range agreed {
		if c.good {
			all.WriteString(c.text)
		}
	}
	var missing []string
	var look func(keys []key)
	look = func(keys []key) {
		for _, k := range keys {
			if !strings.Contains(all.String(), k.name+":") && !slices.Contains(missing, k.name) {
				missing = append(missing, k.name)
			}
			look(k.keys)
		}
	}
	look(rootKeys)
	if len(missing) > 0 {
		t.Errorf("no good manifest has %q", missing)
	}
}

// told is an error with its findings.
func told(err error) string {
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		return fmt.Sprint(err)
	}
	var b strings.Builder
	for _, d := range invalid.Diagnostics {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
