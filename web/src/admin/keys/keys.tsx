/** The API keys of the account. */

import { useState } from "preact/hooks";
import type { ApiKeyJson, CreateApiKeyResponseJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { CopyField } from "../../look/copy.js";
import { Ask, Dialog } from "../../look/dialog.js";
import { Glyph } from "../../look/glyph.js";
import { day } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { type Names, whoOf } from "../names.js";
import { Await, Page, Problem, When } from "../page.js";
import { problemOf } from "../problem.js";
import { CreateKey } from "./create.js";
import type { Scope } from "./scopes.js";

/** All keys, and a way to make one. */
export function Keys() {
	const { admin, words, may } = useDesk();
	const loaded = useLoaded(async () => {
		const [keys, names] = await Promise.all([admin.apiKeys(), admin.names()]);
		return { keys, names };
	});
	const [creating, setCreating] = useState(false);
	const [created, setCreated] = useState<CreateApiKeyResponseJson>();
	const close = () => {
		setCreated(undefined);
		void loaded.again();
	};
	return (
		<Page
			title={words.sections.keys}
			lead={words.keys.lead}
			actions={
				may("access:write") ? (
					<button type="button" class="button primary" onClick={() => setCreating(true)}>
						<Glyph name="plus" />
						{words.keys.create}
					</button>
				) : null
			}
		>
			<Await of={loaded}>
				{({ keys, names }) => <KeyList keys={keys} names={names} again={loaded.again} />}
			</Await>
			{creating ? (
				<CreateKey
					onClose={() => setCreating(false)}
					onCreated={(key) => {
						setCreating(false);
						setCreated(key);
					}}
				/>
			) : null}
			{created ? (
				<Dialog title={words.keys.keyTitle(created.apiKey?.name ?? "")} onClose={close}>
					<div class="stack">
						<p class="dialog-text">{words.told}</p>
						<CopyField
							label={words.keys.keyLabel}
							text={created.key ?? ""}
							words={words.copy}
							hint={words.keys.keyHint}
						/>
					</div>
					<div class="dialog-buttons">
						<button type="button" class="button primary" onClick={close}>
							{words.keys.copied}
						</button>
					</div>
				</Dialog>
			) : null}
		</Page>
	);
}

/** The list of keys. */
export function KeyList({
	keys,
	names,
	again,
}: {
	keys: ApiKeyJson[];
	/** Of who made them. */
	names: Names;
	again: () => Promise<unknown>;
}) {
	const { words } = useDesk();
	if (keys.length === 0) return <p class="empty">{words.keys.empty}</p>;
	return (
		<ul class="rows card">
			{keys.map((key) => (
				<KeyRow key={key.keyId} apiKey={key} names={names} again={again} />
			))}
		</ul>
	);
}

function KeyRow({
	apiKey,
	names,
	again,
}: {
	apiKey: ApiKeyJson;
	names: Names;
	again: () => Promise<unknown>;
}) {
	const { admin, words, language, now, may, say } = useDesk();
	const [asking, setAsking] = useState(false);
	const [problem, setProblem] = useState("");
	const name = apiKey.name ?? "";
	const by = apiKey.createdBy ?? "";
	const maker = by === "operator" ? words.keys.operator : whoOf(words, names, by);
	const on = (at: string | undefined) => day(language, new Date(at ?? ""), now());
	const revoke = async () => {
		setAsking(false);
		try {
			await admin.revokeApiKey(apiKey.keyId ?? "");
			say(words.keys.revoked(name));
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		await again();
	};
	return (
		<li class="row key">
			<div class="row-name">
				<strong>
					<bdi>{name}</bdi>
				</strong>
				<ul class="chips">
					{apiKey.scopes?.map((scope) => (
						<li key={scope} title={scope}>
							{words.keys.scope[scope as Scope] ?? scope}
						</li>
					))}
				</ul>
				<dl class="facts">
					<div>
						<dt>{words.keys.created}</dt>
						<dd>
							<When at={apiKey.createdAt ?? ""}>{on(apiKey.createdAt)}</When> {words.keys.createdBy(maker)}
						</dd>
					</div>
					<div>
						<dt>{words.keys.used}</dt>
						<dd>
							{apiKey.usedAt ? <When at={apiKey.usedAt}>{on(apiKey.usedAt)}</When> : words.keys.usedNever}
						</dd>
					</div>
					<div>
						<dt>{words.keys.expires}</dt>
						<dd>
							{apiKey.expiresAt ? (
								<When at={apiKey.expiresAt}>{on(apiKey.expiresAt)}</When>
							) : (
								words.keys.expiresNever
							)}
						</dd>
					</div>
				</dl>
				<Problem text={problem} />
			</div>
			{may("access:write") ? (
				<button type="button" class="button danger" onClick={() => setAsking(true)}>
					{words.keys.revoke}
					<span class="hidden"> {name}</span>
				</button>
			) : null}
			{asking ? (
				<Ask
					question={{
						title: words.keys.revokeTitle(name),
						text: words.keys.revokeText,
						yes: words.keys.revoke,
						no: words.cancel,
						danger: true,
					}}
					onYes={revoke}
					onNo={() => setAsking(false)}
				/>
			) : null}
		</li>
	);
}
