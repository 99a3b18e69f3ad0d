package app

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"qlikbridge/bridge/file"
	"qlikbridge/bridge/nesting"
)

// Overrides are settings from outside the file, by path.
type Overrides map[string]string // :: kafka.brokers -> 127.0.0.1:9092

// separator parts paths inside koanf; a dot would cut the names of topic settings (retention.ms) apart.
const separator = "/"

// Load reads the configuration: defaults, then the YAML file at path ("" for none), then the environment, then flags. The file is read
// strictly: an unknown key is an error with its line. The environment is not, since Kubernetes sets variables of its own under a
// Service's name; an empty variable counts as unset. The error names the key and where the settings came from.
func Load(path string, environ []string, flags Overrides) (Config, error) {
	c, k := DefaultConfig(), koanf.New(separator)
	file, err := readFile(path)
	if err != nil {
		return c, err
	}
	env := fromEnvironment(environ)
	for _, layer := range []map[string]any{file, env.paths(), flags.paths()} {
		if err := k.Load(confmap.Provider(layer, separator), nil); err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
	}
	if err := decode(k, &c); err != nil {
		return c, fmt.Errorf("configuration from %s: %w", origins(path, env, flags), err)
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("configuration from %s: %w", origins(path, env, flags), err)
	}
	return c, nil
}

func readFile(path string) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	content, err := file.Read(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	err = nesting.Check(string(content))
	var tree map[string]any
	if err == nil {
		tree, err = parse(content)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return tree, nil
}

// parse reads a file twice: as a tree for merging, and strictly for its errors, which name the line. A key without a value counts as unset.
func parse(content []byte) (tree map[string]any, err error) {
	defer nesting.Caught(&err)
	strict, documents := DefaultConfig(), yaml.NewDecoder(bytes.NewReader(content))
	if err := documents.Decode(&tree); err != nil && err != io.EOF {
		return nil, nesting.Unquoted(content, err)
	}
	if err := documents.Decode(&map[string]any{}); err != io.EOF {
		return nil, errors.New("more than one YAML document; write one, without a line ---")
	}
	prune(tree)
	if err := yaml.UnmarshalWithOptions(content, &strict, yaml.Strict()); err != nil {
		return nil, nesting.Unquoted(content, keyed(err, tree))
	}
	return tree, nil
}

func prune(tree map[string]any) {
	maps.DeleteFunc(tree, func(_ string, value any) bool { return value == nil })
	for _, value := range tree {
		if inner, ok := value.(map[string]any); ok {
			prune(inner)
		}
	}
}

// keyed names the key where err names no line: so it is with types that read their text themselves (log.level, a retention).
func keyed(err error, tree map[string]any) error {
	if quoting := yaml.Error(nil); errors.As(err, &quoting) {
		return err
	}
	c, k := DefaultConfig(), koanf.New(separator)
	if named := errors.Join(k.Load(confmap.Provider(tree, separator), nil), decode(k, &c)); named != nil {
		return named
	}
	return err
}

func fromEnvironment(environ []string) Overrides {
	found := Overrides{}
	all := Keys()
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		i := slices.IndexFunc(all, func(k Key) bool { return k.Env == name })
		if i >= 0 && value != "" {
			found[all[i].Path] = value
		}
	}
	return found
}

// ofKubernetes are the variables that Kubernetes sets under the name of a Service qlik-bridge.
var ofKubernetes = regexp.MustCompile(`^QLIK_BRIDGE_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT)|PORT)(_|$)`)

// UnknownVariables are those that look like settings of the bridge and are none: misspelt, most likely.
func UnknownVariables(environ []string) []string {
	known := map[string]bool{EnvPrefix + "CONFIG": true}
	for _, k := range Keys() {
		known[k.Env] = true
	}
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, EnvPrefix) && !known[name] && !ofKubernetes.MatchString(name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// paths are the overrides as koanf wants them.
func (o Overrides) paths() map[string]any {
	m := make(map[string]any, len(o))
	for path, value := range o {
		m[strings.ReplaceAll(path, ".", separator)] = value
	}
	return m
}

func decode(k *koanf.Koanf, c *Config) error {
	hooks := mapstructure.ComposeDecodeHookFunc(
		mapstructure.StringToTimeDurationHookFunc(),
		splitList,
		unquoted,
		mapstructure.TextUnmarshallerHookFunc(),
	)
	return k.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: c, TagName: "yaml", DecodeHook: hooks, ErrorUnused: true, WeaklyTypedInput: true, ZeroFields: true,
	}})
}

// splitList reads a list as the environment and flags give it: by commas, with or without spaces.
func splitList(from, to reflect.Type, data any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() != reflect.Slice {
		return data, nil
	}
	list := strings.Split(reflect.ValueOf(data).String(), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list, nil
}

// unquoted gives a number from the file (retention: 30) as text to a type that reads text, so that it is not taken for nanoseconds.
func unquoted(_, to reflect.Type, data any) (any, error) {
	if _, reads := reflect.New(to).Interface().(encoding.TextUnmarshaler); reads {
		return fmt.Sprint(data), nil
	}
	return data, nil
}

// origins says where settings came from, for error messages.
func origins(path string, env, flags Overrides) string {
	var from []string
	if path != "" {
		from = append(from, "file "+path)
	}
	for _, k := range Keys() {
		if _, ok := env[k.Path]; ok {
			from = append(from, k.Env)
		}
		if _, ok := flags[k.Path]; ok {
			from = append(from, "--"+k.Flag)
		}
	}
	if len(from) == 0 {
		return "defaults alone"
	}
	return strings.Join(from, ", ")
}
