package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"distributed-counter/bench/gateway/hostile"
)

// since is what was counted meanwhile.
func since(before, now map[string]float64) map[string]int {
	counted := make(map[string]int)
	for name, n := range now {
		if n > before[name] {
			counted[name] = int(n - before[name])
		}
	}
	return counted
}

// tell prints what hostile clients did, and beside it what the gateway counted.
func tell(deeds []hostile.Deeds, counted map[string]int) {
	fmt.Println("\nhostile clients     at a time  connected  refused   failed   pieces  dropped     left  dropped as")
	for _, d := range deeds {
		refused := 0
		for _, n := range d.Refused {
			refused += n
		}
		fmt.Printf("%-18s %10d %10d %8d %8d %8d %8d %8d  %s\n", d.Kind, d.Clients, d.Connected, refused, d.Failed, d.Pieces, d.Dropped, d.Left, d.Reason)
	}
	fmt.Println("\nthe gateway counted                                          the hostile clients")
	say := func(what string, counted int, theirs string) { fmt.Printf("%-50s %8d  %s\n", what, counted, theirs) }
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		if reason, is := label(name, "counter_gateway_clients_closed_total", "reason"); is {
			theirs := droppedAs(deeds, reason)
			if strings.HasPrefix(reason, "transport ") {
				theirs = "of those that left by themselves"
			}
			say("closed: "+reason, counted[name], theirs)
		}
		if message, is := label(name, "counter_gateway_refused_total", "message"); is {
			say("refused: "+message, counted[name], refusals(deeds))
		}
	}
	unserved, refused := counted["counter_gateway_connections_unserved_total"], counted["counter_gateway_connections_refused_total"]
	say(fmt.Sprintf("connections without a request, %d refused at once", refused), unserved+refused, droppedAs(deeds, hostile.NoRequest))
	say("events refused because of their payload", counted["counter_gateway_malformed_total"], "")
	say("sessions opened", counted["counter_gateway_clients_opened_total"], "")
}

// label is the value of a metric's only label.
func label(metric, name, key string) (string, bool) {
	value, is := strings.CutPrefix(metric, name+"{"+key+`="`)
	return strings.TrimSuffix(value, `"}`), is
}

// droppedAs lists the kinds that the gateway drops for this reason.
func droppedAs(deeds []hostile.Deeds, reason string) string {
	var kinds []string
	for _, d := range deeds {
		if d.Reason == reason {
			kinds = append(kinds, fmt.Sprintf("%d %s", d.Dropped, d.Kind))
		}
	}
	return strings.Join(kinds, ", ")
}

// refusals lists the kinds that were refused, by status.
func refusals(deeds []hostile.Deeds) string {
	var kinds []string
	for _, d := range deeds {
		for _, status := range slices.Sorted(maps.Keys(d.Refused)) {
			kinds = append(kinds, fmt.Sprintf("%d %s, with status %d", d.Refused[status], d.Kind, status))
		}
	}
	return strings.Join(kinds, ", ")
}
