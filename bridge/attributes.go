package bridge

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// take turns the members of a body into attributes and data: names first by the shape, then those of extensions, which never displace
// what stands beside them.
func (e *Event) take(m members, s *shape) error {
	for _, each := range m {
		switch {
		case each.name == "data" || each.name == "data_base64":
			if err := e.takeData(each); err != nil {
				return err
			}
		case each.name == "extensions" && each.value.Kind() == '{' || each.name == "specversion":
		case isOwn(each.name):
			e.Repairs.add(OwnName)
		default:
			e.takeMember(each, m, s)
		}
	}
	extensions, ok := m.find("extensions")
	if !ok || extensions.Kind() != '{' {
		return nil
	}
	return e.takeExtensions(extensions)
}

func (e *Event) takeData(m member) error {
	if e.Data != nil {
		return Refuse(InvalidData, "both data and data_base64 are there")
	}
	if m.name == "data" {
		e.Data = m.value
		return nil
	}
	sent, err := base64.StdEncoding.DecodeString(text(m.value))
	if err != nil || m.value.Kind() != '"' {
		return Refuse(InvalidData, "data_base64 is no base64 string")
	}
	// Written anew, without JSON escapes and line breaks, which the SDKs do not all undo; the bytes it stands for are the same.
	e.Data, e.Base64 = strconv.AppendQuote(nil, base64.StdEncoding.EncodeToString(sent)), true
	return nil
}

// takeMember stores a member under the attribute that its name means. Where both names of a pair are there (hybrid, Tasks) and say the
// same, one is enough; where they differ the newer name counts and the older is kept as it is.
func (e *Event) takeMember(each member, m members, s *shape) {
	name, renamed := s.names[each.name]
	switch {
	case !renamed:
		e.attributes = append(e.attributes, attribute{each.name, scalar(each.value)})
		return
	case name == "":
		return
	}
	newer, paired := m.find(name)
	if _, moved := s.names[name]; !paired || moved || isOwn(name) {
		e.attributes = append(e.attributes, attribute{name, scalar(each.value)})
		return
	}
	if text(newer) == text(each.value) {
		return
	}
	if name == "type" {
		e.Repairs.add(NamesDiffer)
	} else {
		e.Repairs.add(TwinsDiffer)
	}
	e.attributes = append(e.attributes, attribute{each.name, scalar(each.value)})
}

// takeExtensions makes attributes of the members of extensions. Where one says otherwise than the attribute beside it, the whole object
// is kept too, as a string.
func (e *Event) takeExtensions(object jsontext.Value) error {
	m, err := readObject(object)
	if err != nil {
		return err
	}
	differs := false
	for _, each := range m {
		switch have, ok := e.find(each.name); {
		case each.name == "data" || each.name == "data_base64":
			return Refuse(NameCollision, "extensions has a member %s", each.name)
		case isOwn(each.name):
			e.Repairs.add(OwnName)
		case !ok:
			e.attributes = append(e.attributes, attribute{each.name, scalar(each.value)})
		case text(have) != text(scalar(each.value)):
			differs = true
		}
	}
	if !differs {
		return nil
	}
	e.Repairs.add(ExtensionDiffers)
	if _, taken := e.find("extensions"); !taken {
		e.attributes = append(e.attributes, attribute{"extensions", scalar(object)})
	}
	return nil
}

func (e *Event) find(name string) (jsontext.Value, bool) {
	for i := range e.attributes {
		if e.attributes[i].name == name {
			return e.attributes[i].value, true
		}
	}
	return nil, false
}

// scalar returns a value that may stand in an attribute: strings, booleans and integers of 32 bits as sent (CloudEvents 1.0, "Type
// System"), everything else as a string that holds its JSON without white space.
func scalar(v jsontext.Value) jsontext.Value {
	switch v.Kind() {
	case '"', 't', 'f':
		return v
	case '0':
		if _, err := strconv.ParseInt(string(v), 10, 32); err == nil {
			return v
		}
	}
	compact := jsontext.Value(bytes.Clone(v))
	_ = compact.Compact() // it was read as JSON before
	quoted, _ := jsontext.AppendQuote(nil, compact)
	return quoted
}
