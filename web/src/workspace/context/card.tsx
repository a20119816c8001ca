/** The customer card: who the customer is, where, and what else was said with them. */

import type { CustomerConversationJson, CustomerJson } from "../../gen/weiche/view/v1/customer_pb.js";
import { Avatar } from "../../look/avatar.js";
import { CopyButton } from "../../look/copy.js";
import { Glyph } from "../../look/glyph.js";
import { useConversation, useOf, useSpeech } from "../thread/around.js";
import { Skeleton } from "../thread/skeleton.js";
import { useWorkspace } from "../workspace.js";
import { Identities } from "./identities.js";
import { Offers } from "./offers.js";
import { Route } from "./route.js";

/** The customer of the conversation, once they are known. */
export function CustomerCard() {
	const conversation = useConversation();
	const { around: said } = useSpeech();
	const customer = useOf((state) => state.customer);
	const failed = useOf((state) => state.customerFailed);
	const phase = useOf((state) => state.phase);
	if (phase === "missing") return null;
	// Who cannot be read with the conversation is read with it again.
	const unread = phase === "failed";
	if (failed || unread) {
		return (
			<div class="context-none" role="alert">
				<p>{said.failed}</p>
				<button
					type="button"
					class="button small"
					onClick={() => void (unread ? conversation.read() : conversation.readCustomer())}
				>
					{said.tryAgain}
				</button>
			</div>
		);
	}
	if (!customer) return <Skeleton words={said.loading} />;
	return <Card customer={customer} />;
}

function Card({ customer }: { customer: CustomerJson }) {
	const { around: said, language, name } = useSpeech();
	const date = (at: string | undefined) =>
		new Date(at ?? 0).toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });
	const external = customer.identities
		?.flatMap((identity) => identity.aliases ?? [])
		.find((alias) => alias.kind === "external_id")?.value;
	const undecided = customer.conflicts?.filter((conflict) => !conflict.decided).length ?? 0;
	const copies = { copy: said.copy, copied: said.copied };
	return (
		<>
			<div class="card-head">
				<Avatar name={name} large />
				<div>
					<h3>
						<bdi>{name}</bdi>
					</h3>
					<p class="soft">{said.since(date(customer.createdAt))}</p>
				</div>
			</div>
			{customer.erased && (
				<p class="context-note">
					<Glyph name="alert" />
					{said.erased(date(customer.erasedAt))}
				</p>
			)}
			{undecided > 0 && (
				<p class="context-note">
					<Glyph name="people" />
					{said.conflicts(undecided)}
				</p>
			)}
			<dl class="facts">
				{external && (
					<>
						<dt>{said.externalId}</dt>
						<dd>
							<bdi>{external}</bdi>
							<CopyButton text={external} what={said.externalId} words={copies} />
						</dd>
					</>
				)}
				<dt>{said.customerId}</dt>
				<dd>
					<bdi class="code">{customer.customerId}</bdi>
					<CopyButton text={customer.customerId ?? ""} what={said.customerId} words={copies} />
				</dd>
			</dl>
			<Identities customer={customer} />
			<Offers />
			<Route />
			<Others customer={customer} />
		</>
	);
}

/** The other conversations of the customer, and of those who are the same person. */
function Others({ customer }: { customer: CustomerJson }) {
	const { id } = useConversation();
	const { around: said } = useSpeech();
	const others = customer.conversations?.filter((one) => one.conversationId !== id) ?? [];
	const linked = customer.linked?.filter((one) => one.conversations?.length) ?? [];
	return (
		<section class="context-part" aria-labelledby="context-others">
			<h3 id="context-others">{said.others}</h3>
			{others.length === 0 && linked.length === 0 && <p class="soft">{said.othersNone}</p>}
			<ConversationLinks all={others} />
			{linked.map((one) => (
				<div key={one.customerId}>
					<h4>{said.linkedCustomers}</h4>
					<ConversationLinks all={one.conversations ?? []} />
				</div>
			))}
		</section>
	);
}

function ConversationLinks({ all }: { all: readonly CustomerConversationJson[] }) {
	const { places } = useWorkspace();
	const { around: said, language } = useSpeech();
	if (all.length === 0) return null;
	return (
		<ul class="others">
			{all.toReversed().map((one) => {
				const conversationId = one.conversationId ?? "";
				const at = new Date(one.startedAt ?? 0);
				return (
					<li key={conversationId}>
						<a
							href={places.address({ conversationId })}
							onClick={(event) => {
								if (event.ctrlKey || event.metaKey || event.shiftKey) return;
								event.preventDefault();
								places.go({ conversationId });
							}}
						>
							{said.started(at.toLocaleDateString(language, { dateStyle: "medium" }))}
						</a>{" "}
						<span class="soft">{one.widgetId ? said.inWidget : said.onChannel}</span>
					</li>
				);
			})}
		</ul>
	);
}
