// Package web is the page as it was built: the files that a gateway serves at /.
//
// It hides how the page is made. The built page, dist/, is committed, so that a
// program that serves it is built without Node; `make build-web` makes it anew,
// and CI fails when the committed one is not what its sources give.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Page returns the files of the page: index.html, and what it asks for beside
// it. Those below assets/ have names that change with their content.
func Page() fs.FS {
	page, err := fs.Sub(built, "dist")
	if err != nil {
		panic("web: " + err.Error()) // the path is a constant and valid
	}
	return page
}
