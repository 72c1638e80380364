package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// kind of a node.
type kind int

const (
	nullNode kind = iota
	scalarNode
	mapNode
	listNode
)

func (k kind) String() string {
	return [...]string{"nothing", "a value", "a map", "a list"}[k]
}

// node is a part of the manifest, with everything that stands for something
// else resolved.
type node struct {
	kind kind
	pos  Position
	// value is a scalar's text; quoted is whether it stood in quotes, so
	// that it is text whatever it looks like.
	value  string
	quoted bool
	tag    string
	// bad is whether it could not be read, which was told already.
	bad   bool
	pairs []pair
	items []*node
}

// pair is one entry of a map.
type pair struct {
	key   string
	pos   Position
	value *node
}

// find is the value of a key, nil where there is none.
func (n *node) find(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// The bounds of a tree. A few lines of aliases can stand for billions of
// nodes.
const (
	maxNodes    = 200_000
	maxDepth    = 200
	maxIncludes = 32   // that are inside each other
	maxFiles    = 1000 // include tags in all
)

// knownTags are what a value may be called; the empty one is a document's.
// Those of YAML itself say nothing here: what a value is depends on its key.
var knownTags = []string{"", "!", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!!map", "!!seq"}

// grower makes nodes of what the YAML parser gives.
type grower struct {
	l     *loader
	file  string
	chain []string // the files that include each other, outermost first
	depth int
	open  map[*yaml.Node]bool // aliases that are being resolved
}

// grow makes a node. What is wrong is noted, and counts as nothing.
func (g *grower) grow(y *yaml.Node) *node {
	pos := Position{File: g.file, Line: y.Line, Column: y.Column}
	g.l.nodes++
	g.depth++
	defer func() { g.depth-- }()
	if g.l.nodes > maxNodes || g.depth > maxDepth {
		if !g.l.tooLarge {
			g.l.tooLarge, g.l.broken = true, true
			g.l.errorf(pos, 1, "use fewer aliases, or several projects", "the manifest is too large: aliases or nesting make more than %d nodes, or %d levels", maxNodes, maxDepth)
		}
		return &node{pos: pos, bad: true}
	}
	if y.Tag == "!include" {
		return g.include(y, pos)
	}
	if !slices.Contains(knownTags, y.Tag) && y.Kind != yaml.AliasNode {
		g.l.errorf(pos, len(y.Tag), "the only tag is !include", "unknown tag %s", strings.Replace(y.Tag, "tag:yaml.org,2002:", "!!", 1))
		return &node{pos: pos, bad: true}
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 1 {
			return g.grow(y.Content[0])
		}
	case yaml.AliasNode:
		return g.alias(y, pos)
	case yaml.ScalarNode:
		return g.scalar(y, pos)
	case yaml.MappingNode:
		return g.mapping(y, pos)
	case yaml.SequenceNode:
		n := &node{kind: listNode, pos: pos}
		for _, item := range y.Content {
			n.items = append(n.items, g.grow(item))
		}
		return n
	}
	return &node{pos: pos}
}

func (g *grower) scalar(y *yaml.Node, pos Position) *node {
	quoted := y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if y.Tag == "!!null" && !quoted {
		return &node{pos: pos}
	}
	if !utf8.ValidString(y.Value) {
		g.l.errorf(pos, 1, "write text, without \\x escapes", "the text is not valid UTF-8")
	}
	return &node{kind: scalarNode, pos: pos, value: y.Value, quoted: quoted, tag: y.Tag}
}

func (g *grower) alias(y *yaml.Node, pos Position) *node {
	if y.Alias == nil || g.open[y.Alias] {
		g.l.errorf(pos, len(y.Value)+1, "name another anchor", "the alias *%s contains itself", y.Value)
		return &node{pos: pos, bad: true}
	}
	g.open[y.Alias] = true
	defer delete(g.open, y.Alias)
	return g.grow(y.Alias)
}

func (g *grower) mapping(y *yaml.Node, pos Position) *node {
	n := &node{kind: mapNode, pos: pos}
	seen := map[string]Position{}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		at := Position{File: g.file, Line: k.Line, Column: k.Column}
		if k.Kind != yaml.ScalarNode {
			g.l.errorf(at, 1, "write name: value", "a key has to be a name")
			continue
		}
		if k.Tag == "!!merge" || k.Value == "<<" && k.Style == 0 {
			merged = append(merged, g.merged(y.Content[i+1])...)
			continue
		}
		if before, twice := seen[k.Value]; twice {
			g.l.errorf(at, utf8.RuneCountInString(k.Value), fmt.Sprintf("the first is in line %d", before.Line), "the key %q is there twice", k.Value)
			continue
		}
		seen[k.Value] = at
		n.pairs = append(n.pairs, pair{key: k.Value, pos: at, value: g.grow(y.Content[i+1])})
	}
	for _, from := range merged {
		for _, p := range from.pairs {
			if _, own := seen[p.key]; !own {
				seen[p.key] = p.pos
				n.pairs = append(n.pairs, p)
			}
		}
	}
	return n
}

// merged are the maps a merge key brings in, the first of which wins.
func (g *grower) merged(y *yaml.Node) []*node {
	n := g.grow(y)
	list := []*node{n}
	if n.kind == listNode {
		list = n.items
	}
	for _, one := range list {
		if one.kind != mapNode && !one.bad {
			g.l.errorf(one.pos, 2, "write <<: *anchor", "<< needs a map, or a list of maps")
		}
	}
	return list
}

// include is the root of another file.
func (g *grower) include(y *yaml.Node, pos Position) *node {
	path := y.Value
	if y.Kind != yaml.ScalarNode || path == "" {
		g.l.errorf(pos, 8, "write !include path/to/file.yaml", "!include needs a file")
		return &node{pos: pos, bad: true}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(g.file), path)
	}
	for i, open := range g.chain {
		if open == path {
			g.l.errorf(pos, 8, "take one of these includes away", "files include each other in a cycle: %s", circle(append(g.chain[i:], path)))
			return &node{pos: pos, bad: true}
		}
	}
	if len(g.chain) >= maxIncludes {
		g.l.errorf(pos, 8, "include fewer files inside each other", "more than %d files include each other", maxIncludes)
		return &node{pos: pos, bad: true}
	}
	if g.l.includes++; g.l.includes > maxFiles {
		g.l.errorf(pos, 8, "include fewer files", "the manifest includes more than %d files", maxFiles)
		return &node{pos: pos, bad: true}
	}
	data, err := g.l.read(path)
	if err != nil {
		g.l.errorf(pos, 8, "paths are relative to the file that includes", "cannot include %s: %v", path, reasonOf(err))
		return &node{pos: pos, bad: true}
	}
	return g.l.parse(path, data, append(g.chain[:len(g.chain):len(g.chain)], path))
}
