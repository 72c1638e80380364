package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"systemg/ipc"

	"go.yaml.in/yaml/v4"
)

// places is where each setting stands: the file and the line, or the variable.
type places map[string]place

type place struct {
	file string // or a variable's name
	line int    // 0 for a variable
}

func (p place) String() string {
	if p.line == 0 {
		return p.file
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

// cure is what to do about a wrong setting.
func (p place) cure() string {
	if p.line == 0 {
		return "unset " + p.file
	}
	return fmt.Sprintf("correct line %d of %s", p.line, p.file)
}

// wrong is the error of a setting, with where it stands where that is known.
func (at places) wrong(setting, format string, a ...any) error {
	text := fmt.Sprintf(format, a...)
	p, known := at[setting]
	if !known {
		return usage("%s", text)
	}
	return &failure{code: ipc.CodeUsage, text: p.String() + ": " + text, try: p.cure()}
}

// placesIn are the places of the settings in a file.
func placesIn(path string) (places, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	at := places{}
	for _, root := range doc.Content {
		at.walk(path, "", root)
	}
	return at, nil
}

// walk takes down the keys of a mapping and of those in it.
func (at places) walk(path, above string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := above + n.Content[i].Value
		at[key] = place{file: path, line: n.Content[i].Line}
		at.walk(path, key+".", n.Content[i+1])
	}
}

// environment takes down the settings that variables win.
func (at places) environment(getenv func(string) string) error {
	for _, name := range settingNames {
		variable := "SYSG_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
		value := getenv(variable)
		if value == "" {
			continue
		}
		at[name] = place{file: variable}
		if _, err := strconv.ParseBool(value); err != nil && slices.Contains(switches, name) {
			return at.wrong(name, "it is true or false, not %q", value)
		}
	}
	return nil
}

// unreadable is the error of a file that is no YAML, with the line where the
// reader says it.
func unreadable(path string, err error) error {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		p := place{file: path, line: line}
		return &failure{code: ipc.CodeUsage, text: fmt.Sprintf("%s: cannot read the settings: %s", p, m[2]), try: p.cure()}
	}
	return &failure{code: ipc.CodeUsage, text: fmt.Sprintf("cannot read the settings in %s: %v", path, err), try: "correct " + path}
}

// yamlLine is how the library begins what it says of a line.
var yamlLine = regexp.MustCompile(`(?s)^yaml: (?:\w+ errors?:\s+)?line (\d+): (.*)$`)
