import sys, os, time
sys.path.insert(0,"/work/main")
from hypothesis import given, settings, Phase
from tests.gateway.fastpath.test_equality import *
from tests.gateway.fastpath.test_equality import comparison
from tests.gateway.conftest import *
from tests.conftest import *
N=int(os.environ.get("N","300")); SEED=int(os.environ.get("SEED","1"))
from hypothesis import seed
def test_explore(comparison):
    found={}
    t0=time.time(); byfast={}
    @seed(SEED)
    @settings(max_examples=N, deadline=None, database=None, suppress_health_check=CHECKS, phases=[Phase.generate])
    @given(exchanges(list(SETUPS)))
    def check(ex):
        before=comparison.fast
        try:
            comparison.check(ex)
        except AssertionError as e:
            key=str(e).splitlines()[0][:100]
            r=comparison.last
            diffs={n:(a,b) for n,a,b in zip(r[0]._fields,*r) if a!=b}
            for n,(a,b) in list(diffs.items()):
                if isinstance(a,dict) and isinstance(b,dict): diffs[n]={k:(a.get(k),b.get(k)) for k in {*a,*b} if a.get(k)!=b.get(k)}
            found.setdefault(key,[]).append((ex,diffs, comparison.fast>before))
    check()
    print("calls",comparison.calls,"fast",comparison.fast,"secs",time.time()-t0)
    for k,v in found.items():
        print("=====",k,len(v))
        v.sort(key=lambda one: len(one[0].body)+sum(map(len,one[0].answer.pieces)))
        for ex,d,f in v[:4]:
            print("  ",f,str(ex)[:1500]); print("     ->",str(d)[:1200])
    comparison.finish()
