package jsonobject

// EachField is how objects are cut.
func EachField(data []byte, f func(name, value []byte) error) error { return eachField(data, f) }
