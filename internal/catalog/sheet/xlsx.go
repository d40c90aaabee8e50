package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// smallPart bounds the parts that are read at once: workbook, relations, styles.
const smallPart = 8 << 20

// book is an unpacked view of an XLSX file.
type book struct {
	zip      *zip.Reader
	unpacked int64 // most bytes of one part
	texts    int64 // most bytes of shared texts
}

// openXLSX finds the first visible sheet of a workbook and what its cells refer to. The file itself stays in memory
// packed, which is what its directory at the end demands; sheets are unpacked as they are read.
func (f *File) openXLSX(in *bufio.Reader) (source, error) {
	f.info.Format = "xlsx"
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the file is damaged: it ends before its directory")
	}
	b := &book{zip: z, unpacked: max(f.limits.Unpacked, f.limits.Ratio*int64(len(data))), texts: f.limits.Strings}
	main := "xl/workbook.xml"
	if top, err := b.relations(""); err == nil {
		if r, ok := top.ofType("officeDocument"); ok {
			main = r.Target
		}
	}
	var workbook struct {
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.small(main, &workbook); err != nil {
		return nil, err
	}
	relations, err := b.relations(main)
	if err != nil {
		return nil, err
	}
	for _, s := range workbook.Sheets {
		r, ok := relations.byID(s.ID)
		if s.State != "" && s.State != "visible" || !ok || !strings.HasSuffix(r.Type, "/worksheet") {
			continue
		}
		f.info.Sheet, f.info.MoreSheets = s.Name, len(workbook.Sheets)-1
		return b.rows(r.Target, relations)
	}
	return nil, fault.New(fault.Invalid, "the workbook has no visible sheet")
}

// relation is a pointer from one part to another.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

type relations []relation

func (r relations) ofType(kind string) (relation, bool) {
	i := slices.IndexFunc(r, func(x relation) bool { return strings.HasSuffix(x.Type, "/"+kind) })
	if i < 0 {
		return relation{}, false
	}
	return r[i], true
}

func (r relations) byID(id string) (relation, bool) {
	i := slices.IndexFunc(r, func(x relation) bool { return x.ID == id })
	if i < 0 {
		return relation{}, false
	}
	return r[i], true
}

// relations reads the pointers of a part, with targets as names in the file.
func (b *book) relations(of string) (relations, error) {
	dir, file := path.Split(of)
	var all struct {
		List []relation `xml:"Relationship"`
	}
	if err := b.small(dir+"_rels/"+file+".rels", &all); err != nil {
		return nil, err
	}
	for i := range all.List {
		t := &all.List[i].Target
		if strings.HasPrefix(*t, "/") {
			*t = strings.TrimPrefix(path.Clean(*t), "/")
		} else {
			*t = strings.TrimPrefix(path.Clean("/"+dir+*t), "/")
		}
	}
	return all.List, nil
}

// open opens a part, which gives an error instead of its end when it is larger than allowed.
func (b *book) open(name string, limit int64) (io.ReadCloser, error) {
	i := slices.IndexFunc(b.zip.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "the workbook lacks its part %q", name)
	}
	r, err := b.zip.File[i].Open()
	if err != nil {
		return nil, fault.New(fault.Invalid, "part %q of the workbook is damaged", name)
	}
	return part{&capped{from: r, left: limit}, r}, nil
}

type part struct {
	io.Reader
	io.Closer
}

// small reads a whole part into v.
func (b *book) small(name string, v any) error {
	r, err := b.open(name, min(smallPart, b.unpacked))
	if err != nil {
		return err
	}
	defer r.Close()
	return damaged(name, xml.NewTokenDecoder(newScanner(r)).Decode(v))
}

// damaged turns an error of reading a part into one for a person.
func damaged(name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Invalid, "part %q of the workbook ends in the middle", name)
	}
	return fault.New(fault.Invalid, "part %q of the workbook is damaged", name)
}
