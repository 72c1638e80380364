package ipc

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// paramsOf has the params of every method, as docs/protocol.md lists them.
var paramsOf = map[string]any{
	MethodHello: HelloParams{}, MethodCancel: CancelParams{},
	MethodStatus: StatusParams{}, MethodInspect: InspectParams{}, MethodSubscribe: SubscribeParams{},
	MethodLogs: LogsParams{}, MethodEvents: EventsParams{}, MethodStart: StartParams{}, MethodStop: StopParams{},
	MethodDeploy: DeployParams{}, MethodRollback: RollbackParams{},
	MethodRestart: RestartParams{}, MethodPlan: PlanParams{}, MethodApply: ApplyParams{}, MethodWait: WaitParams{},
	MethodSignal: SignalParams{}, MethodWhy: WhyParams{}, MethodGraph: GraphParams{}, MethodPurge: PurgeParams{}, MethodTrigger: TriggerParams{}, MethodSpawn: SpawnParams{}, MethodUpgrade: UpgradeParams{Path: "/sysg"},
}

// decode reads params as the handler of a method does.
func decode(method, params string) error {
	r := &Request{params: []byte(params)}
	return r.Decode(reflect.New(reflect.TypeOf(paramsOf[method])).Interface())
}

// What the command line would not let pass is refused here too, and the error
// names the member.
func TestParamsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ method, params, member string }{
		{MethodStatus, `{"units":[""]}`, "units"},
		{MethodStatus, `{"units":[null]}`, "units"},
		{MethodStatus, `{"units":"web"}`, "units"},
		{MethodStatus, `{"units":["` + strings.Repeat("x", 300) + `"]}`, "units"},
		{MethodStatus, `{"units":[` + strings.Repeat(`"a",`, maxNames) + `"a"]}`, "units"},
		{MethodStatus, `{"project":"` + strings.Repeat("x", 300) + `"}`, "project"},
		{MethodStatus, `{"all":1}`, "all"},
		{MethodStatus, `{"al":true}`, "al"},
		{MethodSubscribe, `{"metric":true}`, "metric"},
		{MethodInspect, `{}`, "unit"},
		{MethodInspect, ``, "unit"},
		{MethodInspect, `{"unit":"web","window_secs":-1}`, "window_secs"},
		{MethodInspect, `{"unit":"web","window_secs":1e300}`, "window_secs"},
		{MethodInspect, `{"unit":"web","window_secs":1e999}`, "window_secs"},
		{MethodWhy, `{"unit":""}`, "unit"},
		{MethodLogs, `{"lines":-2}`, "lines"},
		{MethodLogs, `{"lines":1.5}`, "lines"},
		{MethodLogs, `{"lines":99999999999999999999}`, "lines"},
		{MethodLogs, `{"run":-1}`, "run"},
		{MethodLogs, `{"kinds":["syslog"]}`, "kinds"},
		{MethodLogs, `{"kinds":[""]}`, "kinds"},
		{MethodLogs, `{"kinds":["stdout","stdout"]}`, "kinds"},
		{MethodLogs, `{"kinds":["stdout","supervisor"]}`, "kinds"},
		{MethodLogs, `{"kinds":["supervisor"],"units":["web"]}`, "units"},
		{MethodLogs, `{"kinds":["supervisor"],"run":3}`, "run"},
		{MethodLogs, `{"follow":true,"down":["web"]}`, "down"},
		{MethodLogs, `{"follow":true,"until_down":true,"down":[""]}`, "down"},
		{MethodLogs, `{"since":"yesterday"}`, "since"},
		{MethodLogs, `{"since":"2026-02-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}`, "until"},
		{MethodLogs, `{"until_down":true}`, "until_down"},
		{MethodLogs, `{"newest":true}`, "newest"},
		{MethodEvents, `{"limit":-1}`, "limit"},
		{MethodStart, `{"path":"systemg.yaml"}`, "path"},
		{MethodStart, `{"path":"/a\u0000b"}`, "path"},
		{MethodStart, `{"env":["A=1"]}`, "env"},
		{MethodStart, `{"path":"/a","env":["A=1\u00002"]}`, "env"},
		{MethodStart, `{"timeout_secs":-1}`, "timeout_secs"},
		{MethodStart, `{"adhoc":[]}`, "adhoc"},
		{MethodStart, `{"adhoc":{"exec":[],"dir":"/"}}`, "adhoc.exec"},
		{MethodStart, `{"adhoc":{"exec":[""],"dir":"/"}}`, "adhoc.exec"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"."}}`, "adhoc.dir"},
		{MethodStart, `{"adhoc":{"exec":["true"]}}`, "adhoc.dir"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/","ttl_secs":-1}}`, "adhoc.ttl_secs"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/","parent_pid":-1}}`, "adhoc.parent_pid"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/","ttl":1}}`, "adhoc.ttl"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/"},"units":["web"]}`, "units"},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/"},"path":"/a"}`, "path"},
		{MethodStop, `{"supervisor":true,"units":["web"]}`, "supervisor"},
		{MethodStop, `{"supervisor":true,"project":"demo"}`, "supervisor"},
		{MethodStop, `{"unit":["web"]}`, "unit"},
		{MethodStop, `{"timeout_secs":"5s"}`, "timeout_secs"},
		{MethodStop, `{"operation":"two words"}`, "operation"},
		{MethodTrigger, `{"unit":"job","operation":"` + strings.Repeat("x", 65) + `"}`, "operation"},
		{MethodRestart, `{"path":"../systemg.yaml"}`, "path"},
		{MethodPlan, `{}`, "path"},
		{MethodApply, `{"path":"x"}`, "path"},
		{MethodApply, `{"path":"/x","timeout_secs":-0.5}`, "timeout_secs"},
		{MethodWait, `{"for":"running","timeout_secs":-1}`, "timeout_secs"},
		{MethodSignal, `{"signal":9}`, "signal"},
		{MethodPurge, `{"project":["demo"]}`, "project"},
		{MethodPurge, `{"force":"yes"}`, "force"},
	} {
		err := decode(c.method, c.params)
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeUsage || !strings.Contains(e.Message, fmt.Sprintf("%q", c.member)) {
			t.Errorf("%s %.80s: %v, want an error about %q", c.method, c.params, err, c.member)
		}
	}
}

func TestParamsThatMakeSense(t *testing.T) {
	for _, c := range []struct{ method, params string }{
		{MethodStatus, ``},
		{MethodStatus, `null`},
		{MethodStatus, `{}`},
		{MethodStatus, `{"units":null,"project":null,"all":null}`},
		{MethodStatus, ` {"units":["web","demo/web","e31527df8383"],"all":true} `},
		{MethodLogs, `{"lines":-1,"kinds":["stdout","stderr"],"follow":true,"newest":true,"since":"2026-01-01T00:00:00+01:00"}`},
		{MethodLogs, `{"kinds":["supervisor"],"lines":5}`},
		{MethodStart, `{"path":"/srv/systemg.yaml","env":["A=1","B="],"timeout_secs":0.5,"no_wait":true}`},
		{MethodStart, `{"adhoc":{"exec":["true"],"dir":"/","ttl_secs":1.5},"env":["A=1"],"project":"jobs"}`},
		{MethodStop, `{"supervisor":true,"kill":true}`},
		{MethodCancel, `{"request":null}`},
		{MethodCancel, `{"request":"a"}`},
	} {
		if err := decode(c.method, c.params); err != nil {
			t.Errorf("%s %s: %v", c.method, c.params, err)
		}
	}
}

// What the kernel takes as bytes arrives as the same bytes.
func TestTextsThatAreNotUTF8(t *testing.T) {
	sent := StartParams{Adhoc: &Adhoc{Exec: Texts{"echo", "\xff\xfe", "<&>"}, Dir: "/"}}
	sent.Env = Texts{"A=1", "B=\xe9", "C="}
	encoded, err := marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got StartParams
	if err := (&Request{params: encoded}).Decode(&got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%s became %+v, %v", encoded, got, err)
	}
	for _, params := range []string{`{"path":"/a","env":[{"x":""}]}`, `{"path":"/a","env":[{"b":"?"}]}`, `{"path":"/a","env":[7]}`, `{"path":"/a","env":[[]]}`} {
		if err := decode(MethodStart, params); err == nil || !strings.Contains(err.Error(), `"env"`) {
			t.Errorf("%s: %v", params, err)
		}
	}
}

// Whatever params come, a decoder takes them or says what is wrong with them.
func FuzzParams(f *testing.F) {
	f.Add(MethodStart, []byte(`{"adhoc":{"exec":["true"],"dir":"/","ttl_secs":-1},"units":null}`))
	f.Add(MethodLogs, []byte(`{"kinds":["supervisor"],"lines":-1,"since":"2026-01-01T00:00:00Z"}`))
	f.Add(MethodCancel, []byte(`{"request":{"a":[]}}`))
	f.Add(MethodStop, []byte(`{"units":["a"],"units":["b"]} {}`))
	f.Fuzz(func(t *testing.T, method string, params []byte) {
		if _, ok := paramsOf[method]; !ok {
			return
		}
		var e *Error
		if err := decode(method, string(params)); err != nil && (!errors.As(err, &e) || e.Code != CodeUsage || len(e.Message) > 2000) {
			t.Errorf("%T %v", err, err)
		}
	})
}

// Whatever a line is, it is a request that can be answered, or refused with an
// answer that is itself a valid line.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"status","params":{}}`, `[]`, `null`, `{}`, `{"id":"\ud800"}`, "\x00",
		`{"jsonrpc":"2.0","id":-0e-1,"method":"x","params":null}`, `{"jsonrpc":"2.0","id":null,"method":"\u0000"}`,
		`{"jsonrpc":"2.0","jsonrpc":"2.0","id":1}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if line = []byte(strings.TrimSpace(string(line))); len(line) == 0 {
			return
		}
		m, refusal := parse(line)
		answer := message{ID: m.ID, Result: null}
		if refusal != nil {
			answer = message{ID: m.ID, Error: refusal.encode()}
		} else if m.Method == "" || !validID(m.ID) {
			t.Errorf("%q is taken for %+v", line, m)
		}
		encoded, err := encode(answer)
		if err != nil || strings.Count(string(encoded), "\n") != 1 {
			t.Fatalf("%q is answered %q, %v", line, encoded, err)
		}
		back, opened := open(encoded[:len(encoded)-1])
		if opened != nil || idKey(back.ID) != idKey(m.ID) {
			t.Errorf("%q comes back as %+v, %v", encoded, back, opened)
		}
	})
}
