package cli

import (
	"errors"
	"io/fs"
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

// settingNames are the settings of sysg itself, each named like its flag.
// SYSG_PROJECT is not among them: services are told their project by it.
var settingNames = []string{"config", "color", "log_level", "plain", "quiet"}

// systemSettings is the machine's settings file.
const systemSettings = "/etc/systemg/config.yaml"

// settle fills flags that were not given from the settings: the environment
// (SYSG_COLOR …) wins over the user's file, that over the machine's.
func (g *globals) settle(getenv func(string) string) error {
	k := koanf.New(".")
	defaults := map[string]any{"color": "auto", "log_level": "info"}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return err
	}
	for _, path := range []string{systemSettings, userSettings(getenv)} {
		if err := loadSettings(k, path); err != nil {
			return err
		}
	}
	if err := k.Load(env.Provider(".", env.Opt{Prefix: "SYSG_", TransformFunc: ownVariable}), nil); err != nil {
		return err
	}
	g.Config = first(g.Config, k.String("config"))
	g.Color = first(g.Color, k.String("color"))
	g.LogLevel = first(g.LogLevel, k.String("log_level"))
	g.Plain = g.Plain || k.Bool("plain")
	g.Quiet = g.Quiet || k.Bool("quiet")
	if g.NoColor {
		g.Color = "never"
	}
	if !slices.Contains([]string{"auto", "always", "never"}, g.Color) {
		return usage("there is no --color %q: it is auto, always or never", g.Color)
	}
	return nil
}

// yamlParser is koanf's parser by the YAML package that manifests are read
// with: koanf's own brings another one, which each command would start with.
type yamlParser struct{}

// Unmarshal reads a settings file.
func (yamlParser) Unmarshal(data []byte) (map[string]any, error) {
	m := map[string]any{}
	err := yaml.Unmarshal(data, &m)
	return m, err
}

// Marshal writes one.
func (yamlParser) Marshal(m map[string]any) ([]byte, error) { return yaml.Marshal(m) }

// loadSettings reads one file; a missing one says nothing, an unknown setting
// is an error.
func loadSettings(k *koanf.Koanf, path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	one := koanf.New(".")
	if err := one.Load(file.Provider(path), yamlParser{}); err != nil {
		return usage("cannot read the settings in %s: %v", path, err)
	}
	for _, key := range one.Keys() {
		if !slices.Contains(settingNames, key) {
			return usage("%s: there is no setting %q: there are %s", path, key, strings.Join(settingNames, ", "))
		}
	}
	return k.Merge(one)
}

// ownVariable turns SYSG_LOG_LEVEL into log_level, and drops variables that
// are no settings.
func ownVariable(name, value string) (string, any) {
	key := strings.ToLower(strings.TrimPrefix(name, "SYSG_"))
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
