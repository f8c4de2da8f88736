//go:build race

package simulation_test

// raceEnabled: the race detector makes a world several times slower.
const raceEnabled = true
