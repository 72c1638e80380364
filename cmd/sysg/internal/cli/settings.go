package cli

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v4"
)

// settingNames are the settings of sysg itself, each named like its flag; those
// of the dashboard stand under "tui". SYSG_PROJECT is not among them: services
// are told their project by it.
var settingNames = []string{
	"config", "color", "log_level", "plain", "quiet",
	"tui.theme", "tui.view", "tui.columns", "tui.ascii", "tui.mouse", "tui.read_only",
}

// switches are the settings that are true or false.
var switches = []string{"plain", "quiet", "tui.ascii", "tui.mouse", "tui.read_only"}

// keySettings begins the settings that give an action of the dashboard other
// keys: "tui.keys.restart".
const keySettings = "tui.keys."

// isSetting is whether there is a setting of that name.
func isSetting(key string) bool {
	return slices.Contains(settingNames, key) || strings.HasPrefix(key, keySettings) || key == strings.TrimSuffix(keySettings, ".")
}

// dashboard are the settings of the dashboard.
type dashboard struct {
	theme, view            string
	columns                []string
	ascii, mouse, readOnly bool
	keys                   map[string][]string
	// places say where settings stand.
	places places
}

// dashboardOf reads them. A list may be written as one word, or with commas.
func dashboardOf(k *koanf.Koanf) dashboard {
	d := dashboard{
		theme: k.String("tui.theme"), view: k.String("tui.view"), columns: settingList(k, "tui.columns"),
		ascii: k.Bool("tui.ascii"), mouse: k.Bool("tui.mouse"), readOnly: k.Bool("tui.read_only"), keys: map[string][]string{},
	}
	for _, name := range k.MapKeys(strings.TrimSuffix(keySettings, ".")) {
		d.keys[name] = settingList(k, keySettings+name)
	}
	return d
}

func settingList(k *koanf.Koanf, key string) []string {
	if list := k.Strings(key); len(list) > 0 {
		return list
	}
	return units([]string{k.String(key)})
}

// systemSettings is the machine's settings file.
const systemSettings = "/etc/systemg/config.yaml"

// settle fills flags that were not given from the settings: the environment
// (SYSG_COLOR …) wins over the user's file, that over the machine's.
func (g *globals) settle(getenv func(string) string) error {
	k, at := koanf.New("."), places{}
	defaults := map[string]any{"color": "auto", "log_level": "info"}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return err
	}
	for _, path := range []string{systemSettings, userSettings(getenv)} {
		if err := loadSettings(k, path, at); err != nil {
			return err
		}
	}
	if err := at.environment(getenv); err != nil {
		return err
	}
	if err := k.Load(env.Provider(".", env.Opt{Prefix: "SYSG_", TransformFunc: ownVariable}), nil); err != nil {
		return err
	}
	g.Config = first(g.Config, k.String("config"))
	g.Color = first(g.Color, k.String("color"))
	g.LogLevel = first(g.LogLevel, k.String("log_level"))
	g.Plain = g.Plain || k.Bool("plain")
	g.Quiet = g.Quiet || k.Bool("quiet")
	g.dashboard = dashboardOf(k)
	g.dashboard.places = at
	if g.NoColor {
		g.Color = "never"
	}
	if !slices.Contains([]string{"auto", "always", "never"}, g.Color) {
		return usage("there is no --color %q: it is auto, always or never", g.Color)
	}
	return nil
}

// loadSettings reads one file; a missing one says nothing, an unknown setting
// is an error.
func loadSettings(k *koanf.Koanf, path string, at places) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	one := koanf.New(".")
	if err := one.Load(file.Provider(path), settingsYAML{}); err != nil {
		return unreadable(path, err)
	}
	here, err := placesIn(path)
	if err != nil {
		return unreadable(path, err)
	}
	for _, key := range one.Keys() {
		if !isSetting(key) {
			return here.wrong(key, "there is no setting %q: there are %s", key, strings.Join(settingNames, ", ")+", "+keySettings+"ACTION")
		}
		if _, ok := one.Get(key).(bool); slices.Contains(switches, key) && !ok {
			return here.wrong(key, "%s is true or false, not %q", key, one.String(key))
		}
	}
	maps.Copy(at, here)
	return k.Merge(one)
}

// settingsYAML reads settings with the library that reads manifests: the one
// koanf brings would cost every command a quarter of a millisecond.
type settingsYAML struct{}

// Unmarshal reads a file.
func (settingsYAML) Unmarshal(b []byte) (map[string]any, error) {
	var out map[string]any
	err := yaml.Unmarshal(b, &out)
	return out, err
}

// Marshal is never asked for: settings are only read.
func (settingsYAML) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

// ownVariable turns SYSG_LOG_LEVEL into log_level, and drops variables that
// are no settings.
func ownVariable(name, value string) (string, any) {
	key := strings.ToLower(strings.TrimPrefix(name, "SYSG_"))
	if rest, ok := strings.CutPrefix(key, "tui_"); ok {
		key = "tui." + rest
	}
	if !slices.Contains(settingNames, key) {
		return "", nil
	}
	return key, value
}

// userSettings is the user's settings file (XDG Base Directory
// Specification 0.8), or empty.
func userSettings(getenv func(string) string) string {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "systemg", "config.yaml")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "systemg", "config.yaml")
	}
	return ""
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
