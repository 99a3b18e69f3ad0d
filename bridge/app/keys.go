package app

import (
	"fmt"
	"reflect"
	"strings"
)

// EnvPrefix begins the name of every environment variable that the bridge reads.
const EnvPrefix = "QLIK_BRIDGE_"

// Key is one setting that the file, the environment and flags can give.
type Key struct {
	Path    string // as in the file: kafka.brokers
	Env     string // QLIK_BRIDGE_KAFKA_BROKERS
	Flag    string // kafka-brokers
	Default string
	Doc     string
}

// Keys are all settings, in the order of the file. Lists of structures (sources, topics.families) stand in the file alone.
func Keys() []Key { return keys(reflect.ValueOf(DefaultConfig()), "") }

func keys(v reflect.Value, prefix string) []Key {
	var all []Key
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		path := prefix + field.Tag.Get("yaml")
		switch {
		case value.Kind() == reflect.Struct:
			all = append(all, keys(value, path+".")...)
		case isScalar(field.Type):
			all = append(all, newKey(path, value, field.Tag.Get("doc")))
		}
	}
	return all
}

func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map:
		return false
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return true
}

func newKey(path string, value reflect.Value, doc string) Key {
	name := strings.ReplaceAll(path, ".", "_")
	text := fmt.Sprint(value.Interface())
	if list, ok := value.Interface().([]string); ok {
		text = strings.Join(list, ",")
	}
	return Key{Path: path, Env: EnvPrefix + strings.ToUpper(name), Flag: strings.ReplaceAll(name, "_", "-"), Default: text, Doc: doc}
}
