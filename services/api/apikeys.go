package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
)

// The domains of the hashes that are ids and secrets of API keys.
const (
	domainAPIKeyID = "api-key-id"
	domainAPIKey   = "api-key"
)

// ListApiKeys returns the API keys of an account that count.
func (s *adminService) ListApiKeys(ctx context.Context, req *adminv1.ListApiKeysRequest) (*adminv1.ListApiKeysResponse, error) {
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	response := &adminv1.ListApiKeysResponse{Position: at}
	for _, key := range account.GetApiKeys() {
		if end := key.GetKey().GetExpiresAt(); end == nil || s.Now().Before(end.AsTime()) {
			response.ApiKeys = append(response.ApiKeys, listedKey(key))
		}
	}
	return response, nil
}

func listedKey(key *queryv1.ApiKey) *adminv1.ApiKey {
	return &adminv1.ApiKey{
		KeyId: key.GetKey().GetKeyId(), Name: key.GetKey().GetName(), Scopes: key.GetKey().GetScopes(),
		CreatedAt: key.GetCreatedAt(), UsedAt: key.GetUsedAt(), ExpiresAt: key.GetKey().GetExpiresAt(),
		CreatedBy: key.GetKey().GetBy(),
	}
}

// CreateApiKey makes a key that may do no more than its maker. Id and secret follow
// from the client token, so that the same call again tells the same key.
func (s *adminService) CreateApiKey(ctx context.Context, req *adminv1.CreateApiKeyRequest) (*adminv1.CreateApiKeyResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	wanted, ok := scopesOf(req.GetScopes())
	if !ok || len(wanted) == 0 {
		return nil, invalid(fmt.Sprintf("scopes are at least one of %s", everyScope()))
	}
	a := callingAgent(ctx)
	if err := a.mayTouch(wanted); err != nil {
		return nil, err
	}
	id := hex.EncodeToString(s.Keys.Hash(domainAPIKeyID, account.GetAccountId(), a.by(), token))[:keyIDSize]
	secret := s.Keys.Hash(domainAPIKey, account.GetAccountId(), a.by(), token)
	hash := sha256.Sum256(secret)
	answer, err := s.askAccess(ctx, account.GetAccountId(), a.by(), &ingressv1.AgentCommand{
		ClientToken: token, Command: &ingressv1.AgentCommand_CreateApiKey{CreateApiKey: &ingressv1.CreateApiKey{
			KeyId: id, Name: req.GetName(), Hash: hash[:], Scopes: req.GetScopes(), ExpiresAt: req.GetExpiresAt(),
		}},
	})
	if err != nil {
		return nil, err
	}
	response := &adminv1.CreateApiKeyResponse{
		Key: keyPrefix + id + "_" + tokenEncoding.EncodeToString(secret), Position: s.opaque(answer.GetPosition()),
	}
	if _, made, ok := s.Queries.APIKey(hash[:]); ok {
		response.ApiKey = listedKey(made)
	}
	return response, nil
}

// RevokeApiKey ends a key. Nobody ends one that may do more.
func (s *adminService) RevokeApiKey(ctx context.Context, req *adminv1.RevokeApiKeyRequest) (*adminv1.RevokeApiKeyResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	a := callingAgent(ctx)
	for _, key := range account.GetApiKeys() {
		if key.GetKey().GetKeyId() != req.GetKeyId() {
			continue
		}
		may, _ := scopesOf(key.GetKey().GetScopes())
		if err := a.mayTouch(may); err != nil {
			return nil, err
		}
	}
	answer, err := s.askAccess(ctx, account.GetAccountId(), a.by(), &ingressv1.AgentCommand{
		ClientToken: token, Command: &ingressv1.AgentCommand_RevokeApiKey{RevokeApiKey: &ingressv1.RevokeApiKey{KeyId: req.GetKeyId()}},
	})
	if err != nil {
		return nil, err
	}
	return &adminv1.RevokeApiKeyResponse{Position: s.opaque(answer.GetPosition())}, nil
}
