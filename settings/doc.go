// Package settings knows every setting of every process: its name, the names
// it had in the original programs, what it means, what it is when nobody says,
// and what is accepted. It reads them from the environment, once, at the start
// of a process; everything else is given values and never looks.
//
// It hides where a value came from. Mains call [Load] and fill the Config of
// the packages they start; those know neither this package nor an environment.
//
// A value that is not accepted, and a COUNTER_ name that nobody knows, stop
// the start: all such faults are reported together, one line each, with what
// was found and what was expected. An empty value counts as not set, since
// that is what "${NAME:-}" in a compose file makes of a missing one.
package settings
