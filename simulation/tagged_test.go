//go:build synctests

package simulation_test

// tagged says that the client's locks are known to fake time; see TestMain.
const tagged = true
