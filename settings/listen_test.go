package settings_test

import (
	"strings"
	"testing"

	"distributed-counter/settings"
)

// A port in use is one line that says what to do.
func TestListenSaysWhatToDo(t *testing.T) {
	first, err := settings.Listen("COUNTER_API_ADDR", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = settings.Listen("COUNTER_API_ADDR", first.Addr().String())
	want := first.Addr().String() + " is in use: end the program that listens there, or set COUNTER_API_ADDR to another address"
	if err == nil || err.Error() != want {
		t.Errorf("Listen on a port in use: %v, want %q", err, want)
	}
	_, err = settings.Listen("COUNTER_API_ADDR", "192.0.2.1:0") // an address that no machine has
	if err == nil || !strings.Contains(err.Error(), "COUNTER_API_ADDR") || strings.Contains(err.Error(), "\n") {
		t.Errorf("Listen on a foreign address: %v, want one line that names the setting", err)
	}
}
