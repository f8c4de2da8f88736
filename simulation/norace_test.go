//go:build !race

package simulation_test

const raceEnabled = false // see race_test.go
