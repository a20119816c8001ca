package api

import (
	"context"
	"slices"

	"connectrpc.com/connect/v2"

	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
	"weiche/services/blob"
)

// rule says who may do something: one row of the table that every call and route has
// to have.
type rule struct {
	// open is for everybody, with and without a token.
	open bool
	// who may be let in at all.
	who []kind
	// scope is what agents and keys have to be allowed; empty where being somebody is
	// enough.
	scope scope
}

// The sorts of callers that rules name.
var (
	visitors  = []kind{aVisitor}
	people    = []kind{anAgent, aKey}
	oneself   = []kind{anAgent}
	admins    = []kind{anAgent, aKey, anOperator}
	operators = []kind{anOperator}
	followers = []kind{aVisitor, anAgent, aKey}
)

// rules is everything that can be asked for: procedures of Connect by their paths, and
// patterns of HTTP. What has no row is refused.
var rules = map[string]rule{
	widgetv1connect.WidgetServiceOpenSessionProcedure: {open: true},
	widgetv1connect.WidgetServiceEndSessionProcedure:  {who: visitors},
	widgetv1connect.WidgetServiceSendMessageProcedure: {who: visitors},
	widgetv1connect.WidgetServiceGetTimelineProcedure: {who: visitors},
	widgetv1connect.WidgetServiceRequestLinkProcedure: {who: visitors},
	widgetv1connect.WidgetServiceGetLinkProcedure:     {who: visitors},
	widgetv1connect.WidgetServiceCancelLinkProcedure:  {who: visitors},
	widgetv1connect.WidgetServiceDisconnectProcedure:  {who: visitors},
	widgetv1connect.WidgetServiceConfirmLinkProcedure: {who: visitors},
	widgetv1connect.WidgetServiceMarkReadProcedure:    {who: visitors},
	widgetv1connect.WidgetServiceSendTypingProcedure:  {who: visitors},

	workspacev1connect.AccessServiceLogInProcedure:          {open: true},
	workspacev1connect.AccessServiceLogInByLinkProcedure:    {open: true},
	workspacev1connect.AccessServiceLogOutProcedure:         {who: oneself},
	workspacev1connect.AccessServiceChangePasswordProcedure: {who: oneself},
	workspacev1connect.AccessServiceListSessionsProcedure:   {who: oneself},
	workspacev1connect.AccessServiceEndSessionProcedure:     {who: oneself},

	workspacev1connect.WorkspaceServiceGetMeProcedure:                  {who: people},
	workspacev1connect.WorkspaceServiceListAgentsProcedure:             {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceListConversationsProcedure:      {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceCountConversationsProcedure:     {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceListConversationEventsProcedure: {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceGetConversationProcedure:        {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceGetChannelProcedure:             {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceGetRouteProcedure:               {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceListTemplatesProcedure:          {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceListChannelsProcedure:           {who: people, scope: readConversations},
	workspacev1connect.WorkspaceServiceSendReplyProcedure:              {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceSettleOutcomeProcedure:          {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceReactProcedure:                  {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceSendTypingProcedure:             {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceMarkSeenProcedure:               {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceCloseConversationProcedure:      {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceReopenConversationProcedure:     {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceAssignConversationProcedure:     {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceChangeLabelsProcedure:           {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceOfferLinkProcedure:              {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceCancelLinkProcedure:             {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceDisconnectProcedure:             {who: people, scope: writeConversations},
	workspacev1connect.WorkspaceServiceGetCustomerProcedure:            {who: people, scope: readCustomers},
	workspacev1connect.WorkspaceServiceLinkCustomersProcedure:          {who: people, scope: writeCustomers},
	workspacev1connect.WorkspaceServiceUnlinkCustomersProcedure:        {who: people, scope: writeCustomers},
	workspacev1connect.WorkspaceServiceConfirmIdentityProcedure:        {who: people, scope: writeCustomers},

	streamv1connect.StreamServiceSubscribeProcedure: {who: followers, scope: readConversations},

	adminv1connect.AdminServiceApplySetupProcedure:         {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceGetAccountProcedure:         {who: admins, scope: readSetup},
	adminv1connect.AdminServiceConnectIntegrationProcedure: {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceCheckIntegrationProcedure:   {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceRemoveIntegrationProcedure:  {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceListIntegrationsProcedure:   {who: admins, scope: readSetup},
	adminv1connect.AdminServiceListWidgetsProcedure:        {who: admins, scope: readSetup},
	adminv1connect.AdminServicePutWidgetProcedure:          {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceMakeVisitorKeyProcedure:     {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceRemoveVisitorKeyProcedure:   {who: admins, scope: writeSetup},
	adminv1connect.AdminServiceListAgentsProcedure:         {who: admins, scope: readAccess},
	adminv1connect.AdminServicePutAgentProcedure:           {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceRemoveAgentProcedure:        {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceSetPasswordProcedure:        {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceMakeLoginLinkProcedure:      {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceEndAgentSessionProcedure:    {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceListApiKeysProcedure:        {who: admins, scope: readAccess},
	adminv1connect.AdminServiceCreateApiKeyProcedure:       {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceRevokeApiKeyProcedure:       {who: admins, scope: writeAccess},
	adminv1connect.AdminServiceListEventsProcedure:         {who: admins, scope: readEvents},

	adminv1connect.OperationsServiceName: {who: operators},

	// What is no call. Files are served to who has their link, which tells of nothing
	// else.
	"GET /livez":                                 {open: true},
	"/grpc.reflection.v1.ServerReflection/":      {open: true},
	"/grpc.reflection.v1alpha.ServerReflection/": {open: true},
	"GET /docs":                                  {open: true},
	"GET /docs/page.css":                         {open: true},
	"GET /openapi.yaml":                          {open: true},
	"GET /asyncapi.yaml":                         {open: true},
	"GET " + blob.Path + "{token}":               {open: true},
	"POST " + agentUploads:                       {who: people, scope: writeConversations},
	visitorUploads:                               {who: visitors},
	// Who opens a socket says who they are in the first frame; each subscription
	// passes the row of Subscribe.
	"GET " + socketPath:              {open: true},
	"GET " + loginPages + "{token}":  {open: true},
	"POST " + loginPages + "{token}": {open: true},
}

// ruleOf returns the row of a procedure or pattern. Those of operators are one.
func ruleOf(action string) (rule, bool) {
	r, ok := rules[action]
	if !ok && serviceOf(action) == adminv1connect.OperationsServiceName {
		r, ok = rules[adminv1connect.OperationsServiceName]
	}
	return r, ok
}

// serviceOf returns the service of a procedure's path.
func serviceOf(procedure string) string {
	for at := len(procedure) - 1; at > 0; at-- {
		if procedure[at] == '/' {
			return procedure[1:at]
		}
	}
	return ""
}

// authorize says whether an actor may do something at all: the one question that every
// call, route and stream passes. What it is about is looked up in the actor's account
// then, so that what is another's is not there.
func authorize(a actor, action string) error {
	r, ok := ruleOf(action)
	switch {
	case !ok:
		return errForbidden
	case r.open:
		return nil
	case a.kind == nobody:
		return errUnauthenticated
	case !slices.Contains(r.who, a.kind):
		// A token of another sort is none here.
		return errUnauthenticated
	case r.scope != "" && (a.kind == anAgent || a.kind == aKey) && !a.scopes.has(r.scope):
		return lacks(r.scope)
	}
	return nil
}

// lacks tells a caller which scope they would need: all of them are written down.
func lacks(needed scope) error {
	return &failure{
		reason: errorv1.Reason_REASON_FORBIDDEN, message: "this needs the scope " + string(needed),
		metadata: map[string]string{"scope": string(needed)},
	}
}

// authorized lets calls pass that their caller may make.
func (s *server) authorized(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if err := authorize(callingAgent(ctx), spec.Procedure); err != nil {
			return err
		}
		return next(ctx, spec, stream)
	}
}

// inAccount returns the account that an administrator's call is about: that of their
// session or key, and for an operator the one that is named. Another's is as one that
// is not there.
func inAccount(ctx context.Context, named string) (string, error) {
	a := callingAgent(ctx)
	switch {
	case a.kind == anOperator:
		return named, nil
	case named == "" || named == a.account:
		return a.account, nil
	}
	return "", errNotFound
}
