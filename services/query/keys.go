package query

import (
	"context"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/blob"
	"weiche/services/keyring"
)

// Hashes returns the hashes that the role computes. They never change.
func (c *Client) Hashes(ctx context.Context) (keyring.Hashes, error) {
	said, err := ask[queryv1.GetHashKeysResponse](ctx, c, installation, "hash-keys", &queryv1.GetHashKeysRequest{})
	return said.GetKeys(), err
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
