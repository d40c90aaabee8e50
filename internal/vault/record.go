package vault

import (
	"encoding/binary"
	"encoding/hex"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	recordVersion = 1
	algAES256GCM  = 1 // random 96-bit nonce in front of the ciphertext

	headerSize = 1 + 1 + 8 + 4
	overhead   = 12 + 16

	maxField = 128
	maxPlain = 64 << 10
)

// header is the clear part of a sealed record.
type header struct {
	tenantKey string // id, 16 hex digits
	version   uint32 // of the data key
}

func (h header) append(b []byte) ([]byte, error) {
	id, err := hex.DecodeString(h.tenantKey)
	if err != nil || len(id) != 8 {
		return nil, fault.New(fault.Internal, "key id of %d characters", len(h.tenantKey))
	}
	b = append(b, recordVersion, algAES256GCM)
	b = append(b, id...)
	return binary.BigEndian.AppendUint32(b, h.version), nil
}

// parse splits a sealed record into its header and the rest. Nothing of it is trusted before the tag was checked.
func parse(sealed []byte) (header, []byte, error) {
	if len(sealed) < headerSize+overhead || len(sealed) > headerSize+overhead+maxPlain {
		return header{}, nil, fault.New(fault.Invalid, "sealed record of %d bytes is cut short or too long", len(sealed))
	}
	if sealed[0] != recordVersion || sealed[1] != algAES256GCM {
		return header{}, nil, fault.New(fault.Invalid, "sealed record of format %d, algorithm %d: a newer version of the program wrote it, or it is damaged", sealed[0], sealed[1])
	}
	h := header{
		tenantKey: hex.EncodeToString(sealed[2:10]),
		version:   binary.BigEndian.Uint32(sealed[10:14]),
	}
	return h, sealed[headerSize:], nil
}

// recordBinding is the additional data of a record: its place and its own header (C13).
func recordBinding(tenant ident.Tenant, account ident.Account, field string, head []byte) []byte {
	b := appendText(nil, product+"/record")
	b = binary.BigEndian.AppendUint64(b, uint64(tenant))
	b = binary.BigEndian.AppendUint64(b, uint64(account))
	b = appendText(b, field)
	return append(b, head...)
}
