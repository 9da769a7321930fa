import type { FlowPage } from './flow-routes.ts';
import type { Pages } from './pages.ts';

/** The pages on which a flow ends without success: they say why as far as anybody may know, and what to do next. */
export function endedPages(needs: { pages: Pick<Pages, 'send'> }): { readonly [page: string]: FlowPage } {
  const plain = (view: string): FlowPage => ({
    async show(flow, request, response) {
      const why = flow.step.kind === 'refused' ? flow.step.reason : undefined;
      needs.pages.send(request, response, { view, surface: flow.portal, data: { why, portal: flow.portal } });
    },
  });
  return {
    refused: plain('portal/refused'),
    expired: plain('portal/expired'),
    ended: plain('portal/ended'),
  };
}
