import assert from 'node:assert/strict';
import { aggregatedDiscovery, resourceList } from './discovery-documents.ts';

const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const beta = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

describe('discovery documents', () => {
  it('answer in the newest aggregated form that the client accepts', () => {
    assert.equal(aggregatedDiscovery(`${v2},${beta},application/json`)?.contentType, v2);
    assert.equal(aggregatedDiscovery(`${beta},application/json`)?.contentType, beta);
    assert.equal(aggregatedDiscovery('application/json'), undefined);
    assert.equal(aggregatedDiscovery('*/*'), undefined);
  });

  it('offer no list or watch, which the parent would keep open on every hub', () => {
    const text = JSON.stringify([resourceList(), aggregatedDiscovery(v2)?.body]);
    assert.doesNotMatch(text, /"(list|watch|deletecollection)"/);
    assert.match(text, /"sockets\/credential"/);
  });
});
