import type { EngineNode } from '../cluster/engine-node.ts';
import type { Report } from '../report.ts';

/** No engine may end without a reason, or meet an error that the catalogue does not know. */
export function checkEngines(
  nodes: readonly Pick<EngineNode, 'nodeId' | 'wrongEnds' | 'log'>[],
  report: Pick<Report, 'checked' | 'fail'>,
): void {
  for (const node of nodes) {
    report.checked('no engine ends by itself or meets an unknown error');
    for (const wrong of node.wrongEnds) report.fail(wrong);
    for (const [defect] of node.log().matchAll(/.{0,400}EMC-5999.{0,400}/g))
      report.fail(`${node.nodeId} reports ${defect}`);
  }
}
