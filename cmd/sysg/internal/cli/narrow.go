package cli

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// narrow is the grammar of one command. To build that of all of them takes
// longer than most commands do.
type narrow struct {
	globals
}

// parse reads the command line: by the grammar of the command that it seems to
// name, and where that does not fit by the whole one, which has the better
// errors and the helps.
func parse(args []string, around Surroundings) (*kong.Context, globals, error) {
	if option := seems(args); option != nil {
		g := &narrow{}
		parser, err := newParser(g, around, option)
		if err != nil {
			return nil, globals{}, err
		}
		if ctx, err := parser.Parse(args); err == nil {
			return ctx, g.globals, nil
		}
	}
	g := &grammar{}
	parser, err := newParser(g, around)
	if err != nil {
		return nil, globals{}, err
	}
	ctx, err := parser.Parse(args)
	return ctx, g.globals, err
}

// seems is the command that the first argument with a command's name names; nil
// where there is none, or a help is wanted. It may be a flag's value: then the
// rest will not fit.
func seems(args []string) kong.Option {
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		return nil
	}
	for _, arg := range args {
		for field := range reflect.TypeFor[grammar]().Fields() {
			name := strings.ToLower(field.Name)
			if given := field.Tag.Get("name"); given != "" {
				name = given
			}
			if _, command := field.Tag.Lookup("cmd"); command && name == arg {
				return kong.DynamicCommand(name, field.Tag.Get("help"), "", reflect.New(field.Type).Interface())
			}
		}
	}
	return nil
}
