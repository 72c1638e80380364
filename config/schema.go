package config

import (
	"encoding/json"
	"maps"
	"slices"
)

// Schema is the JSON Schema (draft 2020-12) of the manifest, for editors. It
// is made of the same table that the decoder knows its keys from, and of the
// rules below. What a schema cannot say, only Load checks: that names,
// dependencies, files and time zones exist, that a regular or a cron
// expression can be read, that a number in quotes is within its bounds, and
// what ${VAR} stands for.
func Schema() []byte {
	s := &schemer{defs: schema{}}
	root := s.object(rootKeys, schema{
		"required": []string{"version"},
		"anyOf":    []schema{{"required": []string{"services"}}, {"required": []string{"projects"}}},
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "sysg manifest"
	root["type"] = "object"
	root["$defs"] = s.defs
	data, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		panic(err) // The table has nothing that JSON cannot express.
	}
	return append(data, '\n')
}

type schema = map[string]any

// rule is what a schema says of an object beside its keys.
type rule struct {
	name  string // what it is called among the definitions
	keys  []key
	extra schema
}

// required is a schema of an object that has these keys.
func required(keys ...string) schema { return schema{"required": keys} }

// with is a schema of an object whose key is one of these values.
func with(key string, values ...any) schema {
	return schema{"required": []string{key}, "properties": schema{key: schema{"enum": values}}}
}

// rules are the objects that stand in several places, or of which more can be
// said.
func rules() []rule {
	yes := []any{"true", "True", "TRUE", true}
	health := []schema{required("url"), required("tcp"), required("command"), required("log")}
	notify := with("notify", yes...)
	notify["properties"].(schema)["notify"] = schema{"anyOf": []schema{{"enum": yes}, variable}}
	job := schema{"required": []string{"cron"}, "properties": schema{"cron": schema{"type": "object"}}}
	deployed := schema{"type": "object", "required": []string{"health_check"}}
	return []rule{
		{name: "env", keys: envKeys},
		{name: "health_check", keys: healthKeys, extra: schema{
			"oneOf": append(health, notify),
			"not":   required("timeout", "total_timeout"),
			"if":    required("watchdog"), "then": notify,
		}},
		{name: "blue_green", keys: blueGreenKeys, extra: required("slots", "switch_command")},
		{name: "webhook", keys: webhookKeys, extra: required("url")},
		{name: "reaction", keys: reactionKeys, extra: schema{"anyOf": []schema{required("command"), required("webhook")}}},
		{name: "outcome", keys: outcomeKeys},
		{name: "cron", keys: cronKeys, extra: required("expression")},
		{name: "dependency", keys: dependencyKeys, extra: schema{
			"if": schema{"anyOf": []schema{with("condition", "log"), required("log")}}, "then": schema{
				"required":   []string{"condition", "log"},
				"properties": schema{"condition": schema{"anyOf": []schema{{"const": "log"}, variable}}},
			},
		}},
		{name: "socket", keys: socketKeys, extra: schema{
			"required": []string{"listen"},
			"if":       schema{"properties": schema{"listen": schema{"type": "string", "pattern": "^tcp:"}}},
			"then":     schema{"properties": schema{"mode": false, "user": false}},
		}},
		{name: "watch", keys: watchKeys, extra: required("paths")},
		{name: "project", keys: projectKeys, extra: required("services")},
		{name: "unit", keys: unitKeys, extra: schema{
			"oneOf": []schema{required("command"), required("exec")},
			"allOf": []schema{
				{"if": job, "then": schema{"properties": schema{
					"restart_policy": schema{"anyOf": []schema{{"const": "never"}, variable}},
					"type":           schema{"anyOf": []schema{{"const": "service"}, variable}},
					"health_check":   schema{"type": "null"}, "deployment": schema{"not": deployed},
				}}},
				{"not": schema{"required": []string{"health_check", "deployment"}, "properties": schema{
					"health_check": schema{"type": "object"}, "deployment": deployed,
				}}},
				{"not": schema{"allOf": []schema{with("type", "oneshot"), with("restart_policy", "always")}}},
			},
		}},
	}
}

// schemer writes schemas, and defines once what stands in several places.
type schemer struct{ defs schema }

// object is a map of these keys. Where no value may stand, null may too.
func (s *schemer) object(keys []key, extra schema) schema {
	properties := schema{}
	for _, k := range keys {
		properties[k.name] = s.key(k)
	}
	o := schema{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
	maps.Copy(o, extra)
	return o
}

// named is an object by its definition, if it has one.
func (s *schemer) named(keys []key) schema {
	all := rules()
	i := slices.IndexFunc(all, func(r rule) bool { return len(keys) > 0 && &r.keys[0] == &keys[0] })
	if i < 0 {
		return s.object(keys, nil)
	}
	r := all[i]
	if _, known := s.defs[r.name]; !known {
		s.defs[r.name] = nil // It is being made.
		s.defs[r.name] = s.object(keys, r.extra)
	}
	return schema{"$ref": "#/$defs/" + r.name}
}

// key is what may stand at a key.
func (s *schemer) key(k key) schema {
	one := s.shape(k, k.shape)
	if len(k.also) > 0 {
		either := []schema{one}
		for _, also := range k.also {
			either = append(either, s.shape(k, also))
		}
		one = schema{"anyOf": either}
	}
	one["description"] = k.doc
	return one
}

// variable is a text that ${VAR} makes a value of.
var variable = schema{"type": "string", "pattern": `\$\{`}

// textLike is a text of a pattern.
func textLike(pattern string) schema { return schema{"type": "string", "pattern": pattern} }

// either is a value of one of the schemas, or a text with a variable.
func either(list ...schema) schema { return schema{"anyOf": append(list, variable)} }

// bounded is a number within the bounds of a key.
func (k key) bounded(kind string) schema {
	n := schema{"type": kind}
	if k.least != 0 || k.most != 0 {
		n["minimum"], n["maximum"] = k.least, k.most
	}
	return n
}

// amount is a duration or a size, as a number and as a text.
func (k key) amount(most float64, pattern string) schema {
	number, text := schema{"type": "number", "minimum": 0, "maximum": most}, textLike(pattern)
	if k.positive {
		delete(number, "minimum")
		number["exclusiveMinimum"] = 0
		text["not"] = schema{"pattern": zeroPattern}
	}
	list := []schema{number, text}
	if len(k.enum) > 0 {
		list = append(list, schema{"enum": k.enum})
	}
	return either(list...)
}

func (k key) text() schema {
	scalar := []string{"string", "number", "boolean"}
	switch {
	case k.name == "version":
		return either(schema{"enum": []any{"1", "2", 1, 2}})
	case len(k.enum) > 0:
		return either(schema{"enum": k.enum})
	case k.pattern == filledPattern:
		return schema{"type": scalar, "pattern": filledPattern}
	case k.pattern == modePattern:
		return either(schema{"type": "integer"}, textLike(k.pattern))
	case k.pattern != "":
		return either(schema{"type": "number"}, textLike(k.pattern))
	}
	return schema{"type": scalar}
}

// shape is a value of one shape.
func (s *schemer) shape(k key, shape shape) schema {
	scalar := []string{"string", "number", "boolean"}
	switch shape {
	case shapeText:
		return k.text()
	case shapeName:
		return either(schema{"type": []string{"number", "boolean"}}, textLike(namePattern))
	case shapeBool:
		return either(schema{"type": "boolean"}, schema{"enum": booleans})
	case shapeInt:
		list := []schema{k.bounded("integer"), textLike(intPattern)}
		if len(k.enum) > 0 {
			list = append(list, schema{"enum": k.enum})
		}
		return either(list...)
	case shapeInts:
		one := either(k.bounded("integer"), textLike(`^[0-9]+$`))
		return schema{"anyOf": []schema{one, {"type": []string{"array", "null"}, "items": one}}}
	case shapeNumber:
		return either(k.bounded("number"), textLike(numberPattern))
	case shapeDuration:
		return k.amount(maxDuration.Seconds(), durationPattern)
	case shapeSize:
		return k.amount(1<<63-1, sizePattern)
	case shapeSignal:
		return either(schema{"type": "integer", "minimum": 1, "maximum": sigRTMax},
			textLike(`^\s*(`+oneOfWords("SIG", append(slices.Clone(k.enum), "RTMIN([+][0-9]+)?", "RTMAX(-[0-9]+)?"))+`|[0-9]+)\s*$`))
	case shapeVars:
		return schema{
			"type": []string{"object", "null"}, "additionalProperties": schema{"type": append(scalar, "null")},
			"propertyNames": schema{"pattern": "^[^=]+$"},
		}
	case shapeObject:
		return s.named(k.keys)
	case shapeObjects:
		item := schema{"type": "object", "allOf": []schema{s.named(k.keys)}}
		return schema{"type": []string{"array", "null"}, "items": item}
	case shapeNamed:
		return s.entries(k)
	case shapeTexts, shapeTextOr:
	}
	return k.texts(shape)
}

// entries is a map of names to objects.
func (s *schemer) entries(k key) schema {
	if k.name == "depends_on" {
		return schema{"type": []string{"object", "null"}, "additionalProperties": s.named(k.keys)}
	}
	return schema{
		"type": "object", "minProperties": 1, "propertyNames": schema{"pattern": namePattern},
		"additionalProperties": schema{"type": "object", "allOf": []schema{s.named(k.keys)}},
	}
}

// texts is a list of texts, or one of them where that is a list too.
func (k key) texts(shape shape) schema {
	one := schema{"type": []string{"string", "number", "boolean"}}
	if k.name == "capabilities" {
		one = either(textLike("^" + oneOfWords("CAP_", k.enum) + "$"))
	}
	list := schema{"type": []string{"array", "null"}, "items": one}
	switch k.name {
	case "exec":
		list["type"], list["minItems"] = "array", 1
		list["prefixItems"] = []schema{{"type": one["type"], "minLength": 1}}
	case "slots":
		list["type"], list["minItems"], list["maxItems"], list["uniqueItems"] = "array", 2, 2, true
		list["items"] = schema{"type": one["type"], "minLength": 1}
	case "paths":
		list["type"], list["minItems"] = "array", 1
	}
	if shape == shapeTextOr {
		return schema{"anyOf": []schema{one, list}}
	}
	return list
}
