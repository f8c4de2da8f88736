//go:build !synctests

package simulation_test

const tagged = false // see tagged_test.go
