package meta

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Form is a form with one file.
type Form struct {
	// Fields are the names and values beside the file.
	Fields [][2]string
	// Name is the field of the file, FileName and Type what is said of it.
	Name, FileName, Type string
	// File are its bytes, Size of them.
	File io.Reader
	Size int64
}

// encode returns the body of a form, its MIME type and its length. The file is
// read as it is sent, so that it can be sent once alone.
func (f *Form) encode() (kind string, body io.Reader, length int64) {
	var head bytes.Buffer
	// Nothing that is written to a buffer fails.
	form := multipart.NewWriter(&head)
	for _, field := range f.Fields {
		_ = form.WriteField(field[0], field[1])
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="`+f.Name+`"; filename="`+quotable.Replace(f.FileName)+`"`)
	header.Set("Content-Type", quotable.Replace(f.Type))
	_, _ = form.CreatePart(header)
	before := head.Len()
	_ = form.Close()
	all := head.Bytes()
	tail := bytes.Clone(all[before:])
	return form.FormDataContentType(), io.MultiReader(bytes.NewReader(all[:before]), io.LimitReader(f.File, f.Size), bytes.NewReader(tail)),
		int64(len(all)) + f.Size
}

// quotable takes out of a file's name what would end its place in a header.
var quotable = strings.NewReplacer("\"", "_", "\\", "_", "\r", "_", "\n", "_", "\x00", "_")
