import type { WidgetOfferJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import type { Draft } from "./draft.js";

export function Preview({ draft }: { draft: Draft; offers: readonly WidgetOfferJson[] }) {
	return <aside>{draft.title}</aside>;
}
