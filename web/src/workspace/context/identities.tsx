/** Every address of a customer: where it is, since when, and how it stands. */

import { useState } from "preact/hooks";
import type { CustomerJson, IdentityJson } from "../../gen/weiche/view/v1/customer_pb.js";
import type { BindingJson } from "../../gen/weiche/view/v1/route_pb.js";
import { CopyButton } from "../../look/copy.js";
import { Ask } from "../../look/dialog.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { useNow } from "../../look/time.js";
import { ago } from "../../look/words.js";
import { capital, useAttempt, useConversation, useMayWrite, useOf, useSpeech } from "../thread/around.js";
import { obstacle } from "../thread/reply.js";
import { useWorkspace } from "../workspace.js";

/** The identities of a customer, those of the route first. */
export function Identities({ customer }: { customer: CustomerJson }) {
	const { around: said } = useSpeech();
	const bindings = useOf((state) => state.timeline?.route.bindings) ?? [];
	const placeOf = (identity: IdentityJson) => {
		const at = bindings.findIndex((binding) => binding.identityId === identity.identityId);
		return at < 0 ? bindings.length : at;
	};
	const all = (customer.identities ?? []).toSorted((a, b) => placeOf(a) - placeOf(b));
	if (all.length === 0) return null;
	return (
		<section class="context-part" aria-labelledby="context-channels">
			<h3 id="context-channels">{said.channels}</h3>
			<ul class="identities">
				{all.map((identity) => (
					<li key={identity.identityId}>
						<Identity
							identity={identity}
							binding={bindings[placeOf(identity)]}
							leads={placeOf(identity) === 0}
						/>
					</li>
				))}
			</ul>
		</section>
	);
}

/** What an identity is called: a handle that people know, before one that only programs do. */
function handleOf(identity: IdentityJson): { kind: string; value: string } | undefined {
	const { username } = identity.profile ?? {};
	if (username) return { kind: "username", value: `@${username}` };
	const order = ["phone", "external_id", "igsid", "psid", "bsuid", "user_ref"];
	for (const kind of order) {
		const value = identity.aliases?.find((alias) => alias.kind === kind)?.value;
		if (value) return { kind, value: kind === "phone" ? `+${value.replace(/^\+/, "")}` : value };
	}
	return identity.aliases?.some((alias) => alias.kind === "visitor")
		? { kind: "visitor", value: "" }
		: undefined;
}

function Identity({
	identity,
	binding,
	leads,
}: {
	identity: IdentityJson;
	binding: BindingJson | undefined;
	leads: boolean;
}) {
	const conversation = useConversation();
	const { around: said, language, channel, name: customer } = useSpeech();
	const { places } = useWorkspace();
	const now = useNow();
	const attempt = useAttempt();
	const may = useMayWrite();
	const [asking, setAsking] = useState(false);
	const bindings = useOf((state) => state.timeline?.route.bindings) ?? [];
	const name = capital(channel(identity.channel));
	const handle = handleOf(identity);
	const elsewhere = identity.conversationId && identity.conversationId !== conversation.id && !binding;
	const status = binding
		? binding.unconfirmed
			? "unconfirmed"
			: binding.unhealthy
				? "unhealthy"
				: obstacle(binding, now)
					? "closed"
					: leads
						? "leads"
						: "connected"
		: elsewhere
			? "other"
			: "disconnected";
	const active = binding?.activeAt ?? identity.lastActiveAt;
	const date = (at: string | undefined) =>
		new Date(at ?? 0).toLocaleDateString(language, { dateStyle: "medium" });
	const since = binding?.linkId
		? said.linked(date(binding.boundAt))
		: said.firstSeen(date(identity.firstSeenAt));
	const confirm = (samePerson: boolean) =>
		attempt(() =>
			conversation.act("ConfirmIdentity", {
				conversationId: undefined,
				identityId: identity.identityId,
				samePerson,
			}),
		);
	const next = bindings.find((one) => one.identityId !== identity.identityId);
	return (
		<div class="identity">
			<p class="identity-head">
				<Glyph name={channelGlyph(identity.channel ?? "")} />
				<b>{name}</b>
				<span class={`badge ${status}`}>{said.status[status]}</span>
			</p>
			<p class="identity-handle">
				{handle?.value ? (
					<>
						<span class="hidden">{said.kinds[handle.kind]}: </span>
						<bdi title={said.kinds[handle.kind]}>{handle.value}</bdi>
						<CopyButton
							text={handle.value}
							what={`${name}: ${said.kinds[handle.kind]}`}
							words={{ copy: said.copy, copied: said.copied }}
						/>
					</>
				) : (
					<span class="soft">{handle ? said.kinds[handle.kind] : said.noHandle}</span>
				)}
			</p>
			{identity.profile?.name && identity.profile.name !== customer && (
				<p>
					<bdi>{identity.profile.name}</bdi>
				</p>
			)}
			<p class="soft">
				{capital(since)} · {active ? said.lastSeen(ago(language, new Date(active), now)) : said.neverSeen}
			</p>
			{identity.former?.map((one, at) => (
				<p key={at} class="soft">
					{said.former(one.alias?.value ?? "", date(one.until))}
				</p>
			))}
			{identity.optIns?.map((one) => (
				<p key={one.topic} class={one.allowed ? "soft" : "warn"}>
					{one.allowed
						? said.allowed(one.topic ?? "", date(one.at))
						: said.forbidden(one.topic ?? "", date(one.at))}
				</p>
			))}
			{elsewhere && (
				<a
					href={places.address({ conversationId: identity.conversationId ?? "" })}
					onClick={(event) => {
						if (event.ctrlKey || event.metaKey || event.shiftKey) return;
						event.preventDefault();
						places.go({ conversationId: identity.conversationId ?? "" });
					}}
				>
					{said.status.other}
				</a>
			)}
			{may && status === "unconfirmed" && (
				<>
					<p class="warn">{said.unconfirmed}</p>
					<div class="context-steps">
						<button type="button" class="button small" onClick={() => confirm(true)}>
							{said.samePerson}
						</button>
						<button type="button" class="button small" onClick={() => confirm(false)}>
							{said.otherPerson}
						</button>
					</div>
				</>
			)}
			{may && binding && identity.channel !== "widget" && (
				<button
					type="button"
					class="button plain small"
					aria-label={said.disconnect(name)}
					onClick={() => setAsking(true)}
				>
					<Glyph name="unlink" />
					{said.disconnectShort}
				</button>
			)}
			{asking && (
				<Ask
					question={{
						title: said.disconnectTitle(name),
						text: said.disconnectText(next ? channel(next.channel) : ""),
						yes: said.disconnectShort,
						no: said.cancel,
						danger: true,
					}}
					onNo={() => setAsking(false)}
					onYes={async () => {
						await attempt(
							() => conversation.act("Disconnect", { integrationId: identity.integrationId }),
							said.disconnected(name),
						);
						setAsking(false);
					}}
				/>
			)}
		</div>
	);
}
