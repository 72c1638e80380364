package config

import "encoding/json"

// Schema is the JSON Schema (draft 2020-12) of the manifest, for editors. It
// is made of the same table that the decoder knows its keys from; what a
// schema cannot say, such as that dependencies exist, only Load checks.
func Schema() []byte {
	root := objectSchema(rootKeys)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "sysg manifest"
	root["required"] = []string{"version"}
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // The table has nothing that JSON cannot express.
	}
	return append(data, '\n')
}

type schema = map[string]any

func objectSchema(keys []key) schema {
	properties := schema{}
	for _, k := range keys {
		properties[k.name] = k.schema()
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

// schema is what may stand at a key.
func (k key) schema() schema {
	s := k.shaped(k.shape)
	if len(k.also) > 0 {
		any := []schema{s}
		for _, shape := range k.also {
			any = append(any, k.shaped(shape))
		}
		s = schema{"anyOf": any}
	}
	s["description"] = k.doc
	return s
}

// variable is a text that ${VAR} makes a value of.
var variable = schema{"type": "string", "pattern": `\$\{`}

func (k key) shaped(s shape) schema {
	scalar := []string{"string", "number", "boolean"}
	switch s {
	case shapeBool:
		return schema{"anyOf": []schema{{"type": "boolean"}, variable}}
	case shapeInt:
		return schema{"anyOf": []schema{{"type": "integer"}, variable}}
	case shapeNumber:
		return schema{"anyOf": []schema{{"type": "number"}, variable}}
	case shapeDuration, shapeSize, shapeSignal:
		return schema{"type": []string{"string", "number"}}
	case shapeTexts:
		return schema{"type": "array", "items": schema{"type": scalar}}
	case shapeTextOr:
		return schema{"anyOf": []schema{{"type": scalar}, {"type": "array", "items": schema{"type": scalar}}}}
	case shapeVars:
		return schema{"type": "object", "additionalProperties": schema{"type": append(scalar, "null")}}
	case shapeObject:
		return objectSchema(k.keys)
	case shapeObjects:
		return schema{"type": "array", "items": objectSchema(k.keys)}
	case shapeNamed:
		entry := objectSchema(k.keys)
		if k.name == "depends_on" {
			entry["type"] = []string{"object", "null"}
		}
		return schema{"type": "object", "additionalProperties": entry}
	case shapeAny:
		return schema{}
	case shapeText, shapeName:
	}
	if len(k.enum) == 0 {
		return schema{"type": scalar}
	}
	if k.name == "version" {
		return schema{"enum": []any{"1", "2", 1, 2}}
	}
	return schema{"anyOf": []schema{{"enum": k.enum}, variable}}
}
