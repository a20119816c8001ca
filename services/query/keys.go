package query

import (
	"context"
	"time"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/blob"
	"weiche/services/keyring"
)

// Hashes are the hashes that a role computes. They are there once Run has got their
// keys, which never change.
type Hashes struct {
	client *Client
	loaded chan struct{}
	keys   keyring.Hashes // written before loaded is closed
}

var _ keyring.Hasher = (*Hashes)(nil)

// NewHashes returns the hashes of a client's role.
func NewHashes(c *Client) *Hashes { return &Hashes{client: c, loaded: make(chan struct{})} }

// Run asks for the keys until it gets them or ctx ends. It returns nil.
func (h *Hashes) Run(ctx context.Context) error {
	for {
		said, err := ask[queryv1.GetHashKeysResponse](ctx, h.client, installation, "hash-keys", &queryv1.GetHashKeysRequest{})
		if err == nil {
			h.keys = said.GetKeys()
			close(h.loaded)
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(againAtLatest / 4):
		}
	}
}

// Loaded returns a channel that is closed once the keys are there.
func (h *Hashes) Loaded() <-chan struct{} { return h.loaded }

// Hash implements keyring.Hasher. Nobody may ask before the keys are there.
func (h *Hashes) Hash(domain string, parts ...string) []byte { return h.given().Hash(domain, parts...) }

// Code implements keyring.Hasher.
func (h *Hashes) Code(account, linkID string) string { return h.given().Code(account, linkID) }

func (h *Hashes) given() keyring.Hashes {
	select {
	case <-h.loaded:
		return h.keys
	default:
		panic("query: a hash was asked for before its key was there")
	}
}

// Files are the keys of files that the router makes, with the hashes of their links.
type Files struct {
	Client *Client
	keyring.Hasher
}

var _ blob.Keys = Files{}

// NewFile implements blob.Keys.
func (f Files) NewFile(ctx context.Context, account, id string) (string, []byte, error) {
	said, err := ask[queryv1.FileKey](ctx, f.Client, account, "new-file-key", &queryv1.NewFileKeyRequest{FileId: id})
	return said.GetKeyId(), said.GetKey(), err
}

// File implements blob.Keys.
func (f Files) File(ctx context.Context, account, id, keyID string) ([]byte, error) {
	said, err := ask[queryv1.FileKey](ctx, f.Client, account, "file-key", &queryv1.GetFileKeyRequest{FileId: id, KeyId: keyID})
	return said.GetKey(), err
}

// Stands implements blob.Keys.
func (f Files) Stands(ctx context.Context, keyID string) (bool, error) {
	said, err := ask[queryv1.GetKeyStandsResponse](ctx, f.Client, installation, "key-stands", &queryv1.GetKeyStandsRequest{KeyId: keyID})
	return said.GetStands(), err
}
