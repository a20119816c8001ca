/** The fields about an app and about a channel account. */

import { useDesk } from "../context.js";
import { CheckField, TextField } from "../field.js";
import type { Draft, Wrong, Wrongs } from "./draft.js";

/** What a form of these fields holds. */
export interface DraftForm {
	channel: string;
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	wrongs: Wrongs;
	/** What the provider said, by the field that it is about. */
	said?: { field: string; text: string };
	disabled?: boolean;
}

/** Says what is wrong with a field. */
export function useWrong({
	wrongs,
	said,
}: Pick<DraftForm, "wrongs" | "said">): (field: keyof Draft) => string {
	const { words } = useDesk();
	const texts: Record<Wrong, string> = { required: words.required, ...words.integrations.wrong };
	return (field) => {
		const wrong = wrongs[field];
		if (wrong) return texts[wrong];
		return said?.field === field ? said.text : "";
	};
}

/** An app: its id and its secret at the provider. */
export function AppFields(form: DraftForm) {
	const words = useDesk().words.integrations;
	const wrong = useWrong(form);
	const { draft, change, disabled } = form;
	return (
		<>
			<TextField
				label={words.providerAppId}
				hint={words.providerAppIdHint}
				error={wrong("providerAppId")}
				value={draft.providerAppId}
				onValue={(providerAppId) => change({ providerAppId })}
				required
				code
				disabled={disabled}
			/>
			<TextField
				label={words.appSecret}
				hint={words.appSecretHint}
				error={wrong("appSecret")}
				secret
				value={draft.appSecret}
				onValue={(appSecret) => change({ appSecret })}
				required
				code
				disabled={disabled}
			/>
		</>
	);
}

/** A channel account: who it is at the provider, and where customers find it. */
export function AccountFields(form: DraftForm & { connected?: boolean }) {
	const words = useDesk().words.integrations;
	const wrong = useWrong(form);
	const { channel, draft, change, connected, disabled } = form;
	return (
		<>
			<TextField
				label={words.name}
				hint={words.nameHint}
				error={wrong("name")}
				value={draft.name}
				onValue={(name) => change({ name })}
				required
				disabled={disabled}
			/>
			<TextField
				label={words.address[channel] ?? ""}
				hint={words.addressHint[channel]}
				error={wrong("address")}
				value={draft.address}
				onValue={(address) => change({ address })}
				required
				code
				disabled={disabled}
			/>
			<TextField
				label={words.providerAccountId[channel] ?? ""}
				hint={words.providerAccountIdHint[channel]}
				error={wrong("providerAccountId")}
				value={draft.providerAccountId}
				onValue={(providerAccountId) => change({ providerAccountId })}
				required
				code
				disabled={disabled}
			/>
			{channel === "messenger" ? null : (
				<TextField
					label={channel === "whatsapp" ? words.businessAccountId : words.pageId}
					hint={channel === "whatsapp" ? words.businessAccountIdHint : words.pageIdHint}
					error={wrong("owner")}
					value={draft.owner}
					onValue={(owner) => change({ owner })}
					code
					disabled={disabled}
				/>
			)}
			<TextField
				label={connected ? words.newToken : words.accessToken}
				hint={connected ? words.newTokenHint : words.accessTokenHint}
				error={wrong("accessToken")}
				secret
				value={draft.accessToken}
				onValue={(accessToken) => change({ accessToken })}
				required={!connected}
				code
				disabled={disabled}
			/>
			{channel === "whatsapp" ? null : (
				<CheckField
					label={words.humanAgent}
					hint={words.humanAgentHint}
					checked={draft.humanAgent}
					onChecked={(humanAgent) => change({ humanAgent })}
					disabled={disabled}
				/>
			)}
		</>
	);
}
