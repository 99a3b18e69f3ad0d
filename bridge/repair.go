package bridge

import "strings"

// Repair is something that Normalise had to mend so that the record is a valid CloudEvent. The set is closed, as metric labels are.
// Where a repair replaces a text that Qlik sent, the text stays in the attribute that the comment names.
type Repair string

// The repairs.
const (
	IDMissing          Repair = "id_missing"          // id is now a hash of the body
	SourceMissing      Repair = "source_missing"      // source is now the catalogue's
	SourceInvalid      Repair = "source_invalid"      // the same; sent text in qliksource
	TimeMissing        Repair = "time_missing"        // time is now the time of receipt
	TimeInvalid        Repair = "time_invalid"        // the same; sent text in qliktime
	DataSchemaInvalid  Repair = "dataschema_invalid"  // left out; sent text in qlikdataschema
	ContentTypeInvalid Repair = "contenttype_invalid" // application/json, since data is JSON; sent text in qlikdatacontenttype
	NamesDiffer        Repair = "names_differ"        // type and eventType differ; the one not taken is in eventtype
	TwinsDiffer        Repair = "twins_differ"        // another pair of old and new names differs; the old one keeps its own name
	OwnName            Repair = "own_name"            // an attribute that is the bridge's to write was sent too; the bridge's stands
	ExtensionDiffers   Repair = "extension_differs"   // extensions has another value than the attribute beside it, which stands
)

// Repairs are those of one event, each at most once.
type Repairs []Repair

func (r *Repairs) add(repair Repair) {
	for _, have := range *r {
		if have == repair {
			return
		}
	}
	*r = append(*r, repair)
}

func (r Repairs) String() string {
	words := make([]string, len(r))
	for i, repair := range r {
		words[i] = string(repair)
	}
	return strings.Join(words, ",")
}
