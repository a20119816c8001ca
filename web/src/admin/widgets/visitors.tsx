/** Visitors whom the site signs in, and the keys by which it does. */

import { useState } from "preact/hooks";
import type { MakeVisitorKeyResponseJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { CopyField } from "../../look/copy.js";
import { Ask, Dialog } from "../../look/dialog.js";
import { Glyph } from "../../look/glyph.js";
import { useDesk } from "../context.js";
import { CheckField } from "../field.js";
import { Card, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import type { Editing } from "./editing.js";
import { goSnippet, loginSnippet, nodeSnippet } from "./snippets.js";

/** The keys, the code for the site's server, and whether others may write at all. */
export function VisitorsCard({
	draft,
	change,
	disabled,
	id,
	keys,
	signedOnly,
	again,
}: Editing & {
	/** The widget; empty before it is there. */
	id: string;
	/** The ids of its keys. */
	keys: readonly string[];
	/** Nobody else may write, as it is saved. */
	signedOnly: boolean;
	again: () => Promise<unknown>;
}) {
	const { admin, words } = useDesk();
	const [made, setMade] = useState<MakeVisitorKeyResponseJson>();
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const make = async () => {
		if (busy) return;
		setProblem("");
		setBusy(true);
		try {
			setMade(await admin.makeVisitorKey(id));
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		setBusy(false);
		await again();
	};
	// Without any key nobody could write any more.
	const needed = signedOnly && keys.length === 1;
	const shown = keys.at(-1) ?? "KEY_ID";
	return (
		<Card title={words.widgets.visitors} lead={words.widgets.visitorsLead}>
			<CheckField
				label={words.widgets.signedOnly}
				hint={keys.length ? words.widgets.signedOnlyHint : words.widgets.signedOnlyNoKey}
				checked={draft.signedOnly}
				onChecked={(signedOnly) => change({ signedOnly })}
				disabled={disabled || (keys.length === 0 && !draft.signedOnly)}
			/>
			{id ? (
				<>
					<div class="spread">
						<h3>{words.widgets.keys}</h3>
						{disabled ? null : (
							<button type="button" class="button" aria-disabled={busy} onClick={make}>
								<Glyph name="key" />
								{words.widgets.makeKey}
							</button>
						)}
					</div>
					{keys.length ? (
						<ul class="rows framed">
							{keys.map((key) => (
								<KeyRow key={key} widget={id} id={key} again={again} fixed={disabled || needed} />
							))}
						</ul>
					) : (
						<p class="soft">{words.widgets.noKeys}</p>
					)}
					{needed ? <p class="soft">{words.widgets.lastKey}</p> : null}
					<Problem text={problem} />
					<details class="more">
						<summary>{words.widgets.server}</summary>
						<div class="stack">
							<CopyField label="Node.js" text={nodeSnippet(id, shown)} words={words.copy} rows={8} />
							<CopyField label="Go" text={goSnippet(id, shown)} words={words.copy} rows={8} />
							<CopyField label={words.widgets.page} text={loginSnippet()} words={words.copy} rows={3} />
						</div>
					</details>
				</>
			) : null}
			{made ? (
				<Dialog title={words.widgets.keyTitle} onClose={() => setMade(undefined)}>
					<div class="stack">
						<p class="dialog-text">{words.widgets.keyText}</p>
						<CopyField
							label={words.widgets.keySecret}
							text={made.secret ?? ""}
							words={words.copy}
							hint={words.told}
						/>
						<CopyField label="Node.js" text={nodeSnippet(id, made.keyId ?? "")} words={words.copy} rows={5} />
						<CopyField label="Go" text={goSnippet(id, made.keyId ?? "")} words={words.copy} rows={5} />
					</div>
					<div class="dialog-buttons">
						<button type="button" class="button primary" onClick={() => setMade(undefined)}>
							{words.widgets.keyDone}
						</button>
					</div>
				</Dialog>
			) : null}
		</Card>
	);
}

function KeyRow({
	widget,
	id,
	again,
	fixed,
}: {
	widget: string;
	id: string;
	again: () => Promise<unknown>;
	fixed: boolean;
}) {
	const { admin, words, say } = useDesk();
	const [asking, setAsking] = useState(false);
	const [problem, setProblem] = useState("");
	const remove = async () => {
		setAsking(false);
		try {
			await admin.removeVisitorKey(widget, id);
			say(words.widgets.keyRemoved);
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		await again();
	};
	return (
		<li class="row slim">
			<span class="code grow">{id}</span>
			{fixed ? null : (
				<button type="button" class="button danger" onClick={() => setAsking(true)}>
					{words.remove}
					<span class="hidden"> {id}</span>
				</button>
			)}
			<Problem text={problem} />
			{asking ? (
				<Ask
					question={{
						title: words.widgets.removeKeyTitle(id),
						text: words.widgets.removeKeyText,
						yes: words.remove,
						no: words.cancel,
						danger: true,
					}}
					onYes={remove}
					onNo={() => setAsking(false)}
				/>
			) : null}
		</li>
	);
}
