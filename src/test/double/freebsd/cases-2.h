static void d_cmsg(struct msghdr*m) {
    for(struct cmsghdr*c=CMSG_FIRSTHDR(m);c;c=CMSG_NXTHDR(m,c)) {
        P(" [level %d type %d len %d first=%x]", R(c->cmsg_level), R(c->cmsg_type), R(c->cmsg_len),
                R(*(unsigned*)CMSG_DATA(c)));
        if(!c->cmsg_len)break;
    }
}
static L rmsg(int fd,int n,int cl,int fl_) {
    static char cb[512] __attribute__((aligned(8)));
    struct iovec v={B,n};
    struct sockaddr_storage ss;
    struct msghdr m;
    memset(&m,0,sizeof m);
    memset(&ss,0,sizeof ss);
    memset(cb,0,sizeof cb);
    m.msg_name=&ss;
    m.msg_namelen=sizeof ss;
    m.msg_iov=&v;
    m.msg_iovlen=1;
    m.msg_control=cl?cb:0;
    m.msg_controllen=cl;
    L r=S(recvmsg,fd,&m,fl_);
    P(" recvmsg=%r flags=%x namelen=%d fam=%d ctl=%d", r, R(m.msg_flags), R(m.msg_namelen), R(ss.ss_family),
            R(m.msg_controllen));
    if(r>=0&&cl)d_cmsg(&m);
    return r;
}
static int udp(int*port) {
    int fd=sk(AF_INET,SOCK_DGRAM);
    struct sockaddr_in a=sa(LO,0);
    S(bind,fd,&a,sizeof a);
    *port=port_of(fd);
    return fd;
}
static void t6(void) {
    int c,s,kq,p,p2;
    L r;
    struct sockaddr_in a;
    H("6.1 connected refused");
    s=udp(&p);
    S(close,s);
    c=sk(AF_INET,SOCK_DGRAM);
    kq=S(kqueue);
    a=sa(LO,p);
    P("    connect %r",S(connect,c,&a,sizeof a));
    ADD(kq,c,EVFILT_READ,EV_CLEAR);
    ADD(kq,c,EVFILT_WRITE,EV_CLEAR);
    w(kq,"init");
    P("    send1 %r",snd(c,"x",1));
    ms(60);
    w(kq,"after ICMP");
    w(kq,"again");
    snap("level",c);
    P("    recv %r recv %r",rcv(c,10),rcv(c,10));
    snap("after recv",c);
    P("    send2 %r",snd(c,"x",1));
    ms(60);
    P(" send3 %r",snd(c,"x",1));
    ms(60);
    P(" soerr %e",soerr(c));
    P(" soerr %e\n",soerr(c));
    snd(c,"x",1);
    ms(60);
    w(kq,"after another send");
    snap("level, error pending",c);
    P("    soerr %e",soerr(c));
    snap("level, consumed",c);
    S(close,c);
    c=sk(AF_INET,SOCK_DGRAM);
    P("    unconnected sendto closed port %r",S(sendto,c,"x",1,0,&a,sizeof a));
    ms(60);
    P(" again %r soerr %e recv %r\n",S(sendto,c,"x",1,0,&a,sizeof a),soerr(c),rcv(c,1));
    S(close,c);
    S(close,kq);
    H("6.2 counts, trunc, zero");
    s=udp(&p);
    c=udp(&p2);
    kq=S(kqueue);
    ADD(kq,s,EVFILT_READ,EV_CLEAR);
    a=sa(LO,p);
    P("    send %r",S(sendto,c,"hello",5,0,&a,sizeof a));
    ms(50);
    w(kq,"5 bytes");
    S(sendto,c,"1234567890",10,0,&a,sizeof a);
    ms(50);
    w(kq,"+10 bytes (2 dgrams)");
    snap("level",s);
    int q;
    S(ioctl,s,FIONREAD,&q);
    P("    FIONREAD %d\n   ",R(q));
    rmsg(s,3,0,0);
    rmsg(s,100,0,MSG_PEEK);
    rmsg(s,3,0,MSG_TRUNC);
    rmsg(s,3,0,0);
    pc('\n');
    w(kq,"drained");
    P("    zero dgram send %r",S(sendto,c,"",0,0,&a,sizeof a));
    ms(50);
    w(kq,"zero dgram");
    snap("level",s);
    rmsg(s,10,0,0);
    pc('\n');
    P("    recvfrom zero-size buffer with 5B dgram: ");
    S(sendto,c,"hello",5,0,&a,sizeof a);
    ms(50);
    P("%r then %r\n",rcv(s,0),rcv(s,10));
    S(sendto,c,"hello",5,0,&a,sizeof a);
    S(sendto,c,"",0,0,&a,sizeof a);
    ms(50);
    w(kq,"5 + 0");
    rcv(s,10);
    snap("level after reading the 5 (0 left)",s);
    P("    rcv %r %r\n",rcv(s,10),rcv(s,10));
    H("6.6 misc");
    P("    send 65507 %r 65508 %r; default maxdgram send 9216 %r 9217 %r", S(sendto, c, B, 65507, 0, &a, sizeof a),
            S(sendto, c, B, 65508, 0, &a, sizeof a), S(sendto, c, B, 9216, 0, &a, sizeof a), S(sendto, c, B, 9217, 0,
            &a, sizeof a));
    P(" SNDBUF=70000 %r send 65507 %r\n",si(c,SOL_SOCKET,SO_SNDBUF,70000),S(sendto,c,B,65507,0,&a,sizeof a));
    ms(50);
    while(rcv(s,70000)>=0);
    a=sa(LO,p);
    P("    send no dest %r sendto port0 ",snd(c,"x",1));
    struct sockaddr_in z=sa(LO,0);
    P("%r connect %r connect again %r sendto while connected %r", S(sendto, c, "x", 1, 0, &z, sizeof z), S(connect, c,
            &a, sizeof a), S(connect, c, &a, sizeof a), S(sendto, c, "x", 1, 0, &a, sizeof a));
    struct sockaddr sx;
    memset(&sx,0,sizeof sx);
    sx.sa_len=sizeof z;
    sx.sa_family=AF_UNSPEC;
    P(" AF_UNSPEC %r",S(connect,c,&sx,sizeof z));
    P(" getpeername %r send %r",S(getpeername,c,B,&(socklen_t){128}),snd(c,"x",1));
    P(" accept %r listen %r shutdown unconnected RD %r",S(accept4,c,0,0,0),S(listen,c,1),S(shutdown,c,0));
    snap("",c);
    P("    rcv %r;",rcv(c,1));
    S(connect,c,&a,sizeof a);
    P(" reconnect; shutdown WR %r send %r",S(shutdown,c,1),snd(c,"x",1));
    snap("",c);
    S(close,c);
    while(rcv(s,70000)>=0);
    c=udp(&p2);
    P("    flood: ");
    int n=0,e=0;
    for(int i=0;i<200;i++) {
        r=S(sendto,c,B,1000,0,&a,sizeof a);
        if(r>0)n++;
        else e++;
    }
    ms(60);
    int got=0;
    while(rcv(s,2000)>=0)got++;
    P("sent ok %d err %d received %d (receiver buf drop silently)\n",R(n),R(e),R(got));
    z=sa(0xffffffff,p);
    P("    broadcast w/o SO_BROADCAST %r; MSG_OOB send %r\n", S(sendto, c, "x", 1, 0, &z, sizeof z), S(sendto, c, "x",
            1, MSG_OOB, &a, sizeof a));
    while(rcv(s,70000)>=0);
    H("6.4 control");
    P("    IP_RECVDSTADDR %r IP_RECVIF %r IP_RECVTTL %r IP_RECVTOS %r SO_TIMESTAMP %r IP_PKTINFO-none;", si(s,
            IPPROTO_IP, IP_RECVDSTADDR, 1), si(s, IPPROTO_IP, IP_RECVIF, 1), si(s, IPPROTO_IP, IP_RECVTTL, 1), si(s,
            IPPROTO_IP, IP_RECVTOS, 1), si(s, SOL_SOCKET, SO_TIMESTAMP, 1));
    P(" consts DSTADDR %d IF %d TTL %d TOS %d SCM_TIMESTAMP %d\n", R(IP_RECVDSTADDR), R(IP_RECVIF), R(IP_RECVTTL),
            R(IP_RECVTOS), R(SCM_TIMESTAMP));
    si(c,IPPROTO_IP,IP_TOS,0x28);
    S(sendto,c,"ctl",3,0,&a,sizeof a);
    ms(50);
    rmsg(s,10,512,0);
    pc('\n');
    S(sendto,c,"ctl",3,0,&a,sizeof a);
    ms(50);
    P("    small control buf 24:");
    rmsg(s,10,24,0);
    pc('\n');
    int s6=sk(AF_INET6,SOCK_DGRAM),c6=sk(AF_INET6,SOCK_DGRAM);
    struct sockaddr_in6 b6;
    memset(&b6,0,sizeof b6);
    b6.sin6_len=sizeof b6;
    b6.sin6_family=AF_INET6;
    b6.sin6_addr.s6_addr[15]=1;
    P("    v6 bind %r RECVPKTINFO %r RECVHOPLIMIT %r RECVTCLASS %r", S(bind, s6, &b6, sizeof b6), si(s6, IPPROTO_IPV6,
            IPV6_RECVPKTINFO, 1), si(s6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1), si(s6, IPPROTO_IPV6, IPV6_RECVTCLASS,
            1));
    P(" consts PKTINFO %d HOPLIMIT %d TCLASS %d\n",R(IPV6_PKTINFO),R(IPV6_HOPLIMIT),R(IPV6_TCLASS));
    b6.sin6_port=htons(port_of(s6));
    P("    send %r",S(sendto,c6,"v6",2,0,&b6,sizeof b6));
    ms(50);
    rmsg(s6,10,512,0);
    pc('\n');
    snap("v6 udp",c6);
}
static int us(int t) {
    return sk(AF_UNIX,t);
}
static void sp(int t,int*v) {
    L r=S(socketpair,AF_UNIX,t|SOCK_NONBLOCK,0,v);
    if(r<0)P("socketpair %r\n",r);
}
static L ub(int fd,const char*p) {
    struct sockaddr_un u=ua(p);
    return S(bind,fd,&u,u.sun_len);
}
static L uc(int fd,const char*p) {
    struct sockaddr_un u=ua(p);
    return S(connect,fd,&u,u.sun_len);
}
static void t7(void) {
    int v[2],kq;
    L r;
    H("7.1 stream pair");
    sp(SOCK_STREAM,v);
    snap("idle",v[0]);
    kq=S(kqueue);
    ADD(kq,v[0],EVFILT_READ,EV_CLEAR);
    ADD(kq,v[0],EVFILT_WRITE,EV_CLEAR);
    w(kq,"init");
    snd(v[1],"hello",5);
    w(kq,"5 bytes");
    S(close,v[1]);
    w(kq,"peer closed, 5 unread");
    w(kq,"again");
    snap("level",v[0]);
    P("    snd %r snd %r rcv %r rcv %r rcv %r soerr %e getpeername %r\n", snd(v[0], "x", 1), snd(v[0], "x", 1),
            rcv(v[0], 10), rcv(v[0], 10), rcv(v[0], 10), soerr(v[0]), S(getpeername, v[0], B, &(socklen_t){128}));
    snap("drained",v[0]);
    P("    shutdown WR %r\n",S(shutdown,v[0],1));
    S(close,v[0]);
    S(close,kq);
    H("7.2 peer closes with unread data of ours");
    sp(SOCK_STREAM,v);
    snd(v[0],"unread",6);
    S(close,v[1]);
    snap("",v[0]);
    P("    rcv %r rcv %r snd %r soerr %e\n",rcv(v[0],1),rcv(v[0],1),snd(v[0],"x",1),soerr(v[0]));
    S(close,v[0]);
    H("7.10 shutdowns");
    sp(SOCK_STREAM,v);
    kq=S(kqueue);
    ADD(kq,v[0],EVFILT_READ,EV_CLEAR);
    ADD(kq,v[0],EVFILT_WRITE,EV_CLEAR);
    w(kq,"init");
    S(shutdown,v[1],1);
    w(kq,"peer shut WR");
    snap("",v[0]);
    P("    rcv %r snd %r\n",rcv(v[0],1),snd(v[0],"x",1));
    S(shutdown,v[1],0);
    w(kq,"peer shut RD");
    snap("",v[0]);
    P("    snd %r\n",snd(v[0],"x",1));
    S(close,v[0]);
    S(close,v[1]);
    S(close,kq);
    sp(SOCK_STREAM,v);
    P("    own shut RD %r",S(shutdown,v[0],0));
    snap("self",v[0]);
    snap("peer",v[1]);
    P("    peer snd %r own rcv %r own snd %r\n",snd(v[1],"x",1),rcv(v[0],1),snd(v[0],"y",1));
    S(close,v[0]);
    S(close,v[1]);
    sp(SOCK_STREAM,v);
    P("    own shut WR %r",S(shutdown,v[0],1));
    snap("self",v[0]);
    snap("peer",v[1]);
    P("    snd %r shut again %r\n",snd(v[0],"x",1),S(shutdown,v[0],1));
    S(close,v[0]);
    S(close,v[1]);
    H("7.14 fill/drain stream");
    sp(SOCK_STREAM,v);
    kq=S(kqueue);
    P("    init ");
    snap("",v[0]);
    fill(v[0]);
    ADD(kq,v[0],EVFILT_WRITE,EV_CLEAR);
    w(kq,"full");
    snap("",v[0]);
    for(int i=0;i<10;i++) {
        r=rcv(v[1],1000);
        P("    peer read %r:",r);
        W(kq,4,0);
        pc('\n');
        if(r<=0)break;
    }
    snap("drained",v[0]);
    P("    one 100000B send %r\n",snd(v[0],B,100000));
    S(close,v[0]);
    snap("peer closed after fill: reader",v[1]);
    L t=0;
    while((r=rcv(v[1],4096))>0)t+=r;
    P("    reader got %d then %r\n",t,r);
    S(close,v[1]);
    S(close,kq);
    H("7.9 dgram pair");
    sp(SOCK_DGRAM,v);
    kq=S(kqueue);
    ADD(kq,v[0],EVFILT_READ,EV_CLEAR);
    ADD(kq,v[0],EVFILT_WRITE,EV_CLEAR);
    w(kq,"init");
    snd(v[1],"hello",5);
    w(kq,"5");
    snd(v[1],"",0);
    w(kq,"+0 bytes");
    snap("level",v[0]);
    P("    rcv %r",rcv(v[0],100));
    snap("only zero dgram left",v[0]);
    P("    rcv %r rcv %r\n",rcv(v[0],10),rcv(v[0],10));
    snd(v[1],"zz",2);
    S(close,v[1]);
    w(kq,"peer sent 2, closed");
    snap("",v[0]);
    P("    snd %r snd %r rcv %r rcv %r rcv %r soerr %e\n", snd(v[0], "x", 1), snd(v[0], "x", 1), rcv(v[0], 10),
            rcv(v[0], 10), rcv(v[0], 10), soerr(v[0]));
    snap("",v[0]);
    S(close,v[0]);
    S(close,kq);
    H("6.5 dgram full");
    sp(SOCK_DGRAM,v);
    kq=S(kqueue);
    int n=0;
    while((r=snd(v[0],B,1000))>0)n++;
    P("    sent %d x1000, then %r",R(n),r);
    ADD(kq,v[0],EVFILT_WRITE,EV_CLEAR);
    w(kq,"CLEAR full");
    snap("level full",v[0]);
    P("    blocking-mode MSG? snd 1 byte %r\n",snd(v[0],B,1));
    for(int i=0;i<4;i++) {
        r=rcv(v[1],2000);
        P("    peer read %r:",r);
        W(kq,4,0);
        P(" snd %r\n",snd(v[0],B,1000));
    }
    while(rcv(v[1],2000)>0);
    w(kq,"drained");
    P("    send > SNDBUF(20000) %r 16384 %r 16385 %r 8193 %r 2048 %r\n", snd(v[0], B, 20000), snd(v[0], B, 16384),
            snd(v[0], B, 16385), snd(v[0], B, 8193), snd(v[0], B, 2048));
    S(close,v[0]);
    S(close,v[1]);
    S(close,kq);
    int srv=us(SOCK_DGRAM),c=us(SOCK_DGRAM);
    P("    named: bind %r connect %r",ub(srv,"/tmp/dg"),uc(c,"/tmp/dg"));
    n=0;
    while((r=snd(c,B,1000))>0)n++;
    P(" sent %d then %r",R(n),r);
    snap("client",c);
    int c2=us(SOCK_DGRAM);
    struct sockaddr_un u=ua("/tmp/dg");
    n=0;
    while((r=S(sendto,c2,B,1000,0,&u,u.sun_len))>0)n++;
    P("    unconnected sender sent %d then %r",R(n),r);
    snap("unconnected sender",c2);
    S(ioctl,srv,FIONREAD,&n);
    snap("server",srv);
    P("    FIONREAD %d\n",R(n));
    S(close,srv);
    P("    server closed: connected snd %r snd %r unconn sendto %r soerr %e", snd(c, "x", 1), snd(c, "x", 1),
            S(sendto, c2, "x", 1, 0, &u, u.sun_len), soerr(c));
    snap("",c);
    S(close,c);
    S(close,c2);
    H("7.8 seqpacket");
    sp(SOCK_SEQPACKET,v);
    snap("idle",v[0]);
    P("    snd %r %r zero %r",snd(v[1],"hello",5),snd(v[1],"world!",6),snd(v[1],"",0));
    snap("",v[0]);
    P("   ");
    rmsg(v[0],3,0,0);
    rmsg(v[0],100,0,0);
    rmsg(v[0],100,0,0);
    pc('\n');
    snd(v[1],"zz",2);
    S(close,v[1]);
    snap("peer closed w/2",v[0]);
    P("   ");
    rmsg(v[0],10,0,0);
    rmsg(v[0],10,0,0);
    P(" snd %r\n",snd(v[0],"x",1));
    S(close,v[0]);
    sp(SOCK_SEQPACKET,v);
    n=0;
    while((r=snd(v[0],B,1000))>0)n++;
    P("    full after %d then %r; big 100000 %r",R(n),r,snd(v[0],B,100000));
    snap("",v[0]);
    S(close,v[0]);
    S(close,v[1]);
}
static void t7b(void) {
    int v[2],l,c,s,kq;
    L r;
    struct sockaddr_un u;
    socklen_t sl;
    char pth[256];
    H("7.3 paths");
    memset(&u,0,sizeof u);
    for(int i=0;i<103;i++)u.sun_path[i]='a';
    memcpy(u.sun_path,"/tmp/",5);
    u.sun_family=AF_UNIX;
    u.sun_len=2+103;
    l=us(SOCK_STREAM);
    P("    sizeof sun_path %d sizeof sockaddr_un %d; bind path 103 %r", R(sizeof u.sun_path), R(sizeof u), S(bind, l,
            &u, 2+103));
    sl=sizeof u;
    struct sockaddr_un o;
    memset(&o,0x5a,sizeof o);
    r=S(getsockname,l,&o,&sl);
    P(" getsockname %r len %d path[103]=%d sun_len %d\n", r, R(sl), R(sl>105?(unsigned char)o.sun_path[103]:-1),
            R(o.sun_len));
    S(close,l);
    u.sun_path[103]='b';
    l=us(SOCK_STREAM);
    P("    bind 104 unterminated (len 106) %r",S(bind,l,&u,106));
    sl=sizeof u;
    r=S(getsockname,l,&o,&sl);
    P(" getsockname %r len %d",r,R(sl));
    S(close,l);
    l=us(SOCK_STREAM);
    static struct {
        struct sockaddr_un u;
        char x[200];
    }
    big;
    memcpy(&big,&u,sizeof u);
    memset(big.u.sun_path+5,'c',150);
    P(" bind len 2+150 %r len 256 %r;",S(bind,l,&big,152),S(bind,l,&big,256));
    u.sun_path[0]=0;
    P(" bind path empty (len 2) %r, (len 3, NUL) %r, abstract-like \\0abc %r", S(bind, l, &u, 2), S(bind, l, &u, 3),
            S(bind, l, &u, 6));
    u=ua("/tmp/exact");
    P(" len w/o NUL %r",S(bind,l,&u,2+10));
    sl=sizeof o;
    memset(&o,0x5a,sizeof o);
    r=S(getsockname,l,&o,&sl);
    P(" getsockname len %d sun_len %d",R(sl),R(o.sun_len));
    P(" rebind %r",ub(l,"/tmp/other"));
    S(close,l);
    l=us(SOCK_STREAM);
    u=ua("/tmp/full");
    P(" bind sizeof %r",S(bind,l,&u,sizeof u));
    sl=sizeof o;
    memset(&o,0x5a,sizeof o);
    r=S(getsockname,l,&o,&sl);
    P(" getsockname len %d\n",R(sl));
    S(close,l);
    l=us(SOCK_STREAM);
    P("    stale: bind over leftover %r connect stale %r dgram connect stale %r connect missing %r", ub(l,
            "/tmp/full"), uc(us(SOCK_STREAM), "/tmp/full"), uc(us(SOCK_DGRAM), "/tmp/full"), uc(us(SOCK_STREAM),
            "/tmp/nonexist"));
    int f=S(open,"/tmp/plain",O_CREAT|O_RDWR,0644);
    P(" connect plain file %r connect dir %r missing dir bind %r", uc(us(SOCK_STREAM), "/tmp/plain"),
            uc(us(SOCK_STREAM), "/tmp"), ub(l, "/tmp/nodir/x"));
    P(" open(2) on socket %r\n",S(open,"/tmp/full",O_RDWR));
    P("    bind %r listen unbound %r",ub(l,"/tmp/srv"),S(listen,us(SOCK_STREAM),1));
    P(" connect before listen %r",uc(us(SOCK_STREAM),"/tmp/srv"));
    P(" listen %r dgram->stream %r seq->stream %r sendto dgram->stream ", S(listen, l, QUEUE_OF_4), uc(us(SOCK_DGRAM),
            "/tmp/srv"), uc(us(SOCK_SEQPACKET), "/tmp/srv"));
    u=ua("/tmp/srv");
    P("%r\n",S(sendto,us(SOCK_DGRAM),"x",1,0,&u,u.sun_len));
    H("7.5 backlog 2");
    kq=S(kqueue);
    ADD(kq,l,EVFILT_READ,EV_CLEAR);
    int k[8];
    for(int i=0;i<8;i++) {
        k[i]=us(SOCK_STREAM);
        r=uc(k[i],"/tmp/srv");
        P("    connect %d: %r",R(i),r);
        W(kq,4,0);
        pc('\n');
    }
    int bs=S(socket,AF_UNIX,SOCK_STREAM,0);
    P("    blocking connect on full %r\n",uc(bs,"/tmp/srv"));
    snap("queued client",k[0]);
    snap("refused client",k[7]);
    P("    queued client: snd %r; refused client snd %r again connect %r\n", snd(k[0], "early", 5), snd(k[7], "x", 1),
            uc(k[7], "/tmp/srv"));
    S(close,k[1]);
    sl=sizeof o;
    memset(&o,0x5a,sizeof o);
    s=S(accept4,l,&o,&sl,SOCK_NONBLOCK);
    P("    accept0 ok=%d peer len %d fam %d sun_len %d",R(s>=0),R(sl),R(o.sun_family),R(o.sun_len));
    W(kq,4,0);
    P(" rcv %r",rcv(s,10));
    sl=sizeof o;
    r=S(getsockname,k[0],&o,&sl);
    P(" client getsockname %r len %d;",r,R(sl));
    sl=sizeof o;
    memset(&o,0,sizeof o);
    r=S(getpeername,k[0],&o,&sl);
    P(" getpeername %r len %d '%s'",r,R(sl),o.sun_path);
    sl=sizeof o;
    r=S(getsockname,s,&o,&sl);
    P(" accepted getsockname len %d '%s'",R(sl),o.sun_path);
    sl=sizeof o;
    r=S(getpeername,s,&o,&sl);
    P(" getpeername %r len %d\n",r,R(sl));
    struct xucred xu;
    sl=sizeof xu;
    memset(&xu,0,sizeof xu);
    r=S(getsockopt,s,0,LOCAL_PEERCRED,&xu,&sl);
    P("    LOCAL_PEERCRED(accepted) %r len %d ver %d uid %d ngroups %d pid %d;", r, R(sl), R(xu.cr_version),
            R(xu.cr_uid), R(xu.cr_ngroups), R(xu.cr_pid));
    sl=sizeof xu;
    r=S(getsockopt,k[0],0,LOCAL_PEERCRED,&xu,&sl);
    P(" (client) %r pid %d;",r,R(xu.cr_pid));
    sp(SOCK_STREAM,v);
    sl=sizeof xu;
    r=S(getsockopt,v[0],0,LOCAL_PEERCRED,&xu,&sl);
    P(" (socketpair) %r;",r);
    sl=sizeof xu;
    r=S(getsockopt,l,0,LOCAL_PEERCRED,&xu,&sl);
    P(" (listener) %r self pid %d\n",r,S(getpid));
    int s1=S(accept4,l,0,0,SOCK_NONBLOCK);
    P("    accept of client closed before accept: %r",R(s1>=0?0:s1));
    if(s1>=0) {
        snap("",s1);
        P("    rcv %r getpeername %r\n",rcv(s1,1),S(getpeername,s1,B,&(socklen_t){128}));
    }
    S(close,l);
    snap("queued client after listener close",k[2]);
    P("    rcv %r rcv %r snd %r soerr %e; connect dead path %r\n", rcv(k[2], 1), rcv(k[2], 1), snd(k[2], "x", 1),
            soerr(k[2]), uc(us(SOCK_STREAM), "/tmp/srv"));
    P("    unnamed getsockname: ");
    c=us(SOCK_STREAM);
    sl=sizeof o;
    memset(&o,0x5a,sizeof o);
    r=S(getsockname,c,&o,&sl);
    P("%r len %d sun_len %d fam %d; unconnected: getpeername %r snd %r rcv %r shutdown %r accept %r\n", r, R(sl),
            R(o.sun_len), R(o.sun_family), S(getpeername, c, B, &(socklen_t){128}), snd(c, "x", 1), rcv(c, 1),
            S(shutdown, c, 1), S(accept4, c, 0, 0, 0));
    H("7.6 SCM_RIGHTS");
    sp(SOCK_STREAM,v);
    static char cb[256] __attribute__((aligned(8)));
    for(int mode=0;mode<6;mode++) {
        int nf=mode==3?1:3;
        memset(cb,0,sizeof cb);
        struct iovec iv={"d",1};
        struct msghdr m;
        memset(&m,0,sizeof m);
        m.msg_iov=&iv;
        m.msg_iovlen=1;
        m.msg_control=cb;
        m.msg_controllen=CMSG_SPACE(nf*4);
        struct cmsghdr*cm=CMSG_FIRSTHDR(&m);
        cm->cmsg_level=SOL_SOCKET;
        cm->cmsg_type=SCM_RIGHTS;
        cm->cmsg_len=CMSG_LEN(nf*4);
        int*fdp=(int*)CMSG_DATA(cm);
        for(int i=0;i<nf;i++)fdp[i]=f;
        if(mode==3)fdp[0]=kq;
        if(mode==4)fdp[1]=999;
        L sr=S(sendmsg,v[0],&m,MSG_NOSIGNAL);
        int b=S(dup,f);
        S(close,b);
        P("    mode %d send %r;",R(mode),sr);
        if(sr>0) {
            int rc=mode==0?(int)CMSG_SPACE(12):mode==1?(int)CMSG_SPACE(4):mode==2?0:(int)CMSG_SPACE(12);
            rmsg(v[1],10,rc,mode==5?MSG_CMSG_CLOEXEC:0);
            int b2=S(dup,f);
            S(close,b2);
            P(" next free fd before %d after %d",R(b),R(b2));
            if(mode==5)P(" cloexec %r",S(fcntl,b,F_GETFD,0));
            for(int i=b;i<b2;i++)S(close,i);
        }
        pc('\n');
    }
    P("    (0 fits 3fds,1 room 1 (+pad),2 no control,3 a kqueue fd,4 bad fd,5 CMSG_CLOEXEC)\n");
    H("empty iov + fds");
    {
        memset(cb,0,sizeof cb);
        struct msghdr m;
        memset(&m,0,sizeof m);
        struct iovec iv={"",0};
        m.msg_iov=&iv;
        m.msg_iovlen=1;
        m.msg_control=cb;
        m.msg_controllen=CMSG_SPACE(4);
        struct cmsghdr*cm=CMSG_FIRSTHDR(&m);
        cm->cmsg_level=SOL_SOCKET;
        cm->cmsg_type=SCM_RIGHTS;
        cm->cmsg_len=CMSG_LEN(4);
        *(int*)CMSG_DATA(cm)=f;
        P("    stream sendmsg 0 bytes+fd %r",S(sendmsg,v[0],&m,MSG_NOSIGNAL));
        snap("",v[1]);
        P("   ");
        rmsg(v[1],10,64,0);
        pc('\n');
    }
    P("    plain read (no recvmsg) of data with fds: ");
    {
        struct iovec iv={"d",1};
        struct msghdr m;
        memset(&m,0,sizeof m);
        m.msg_iov=&iv;
        m.msg_iovlen=1;
        m.msg_control=cb;
        m.msg_controllen=CMSG_SPACE(4);
        P("send %r",S(sendmsg,v[0],&m,MSG_NOSIGNAL));
        snd(v[0],"tail",4);
        P(" read %r read %r\n",rcv(v[1],100),rcv(v[1],100));
    }
    int one=1;
    P("    LOCAL_CREDS_PERSISTENT %r",S(setsockopt,v[1],0,3,&one,4));
    snd(v[0],"c",1);
    rmsg(v[1],10,256,0);
    pc('\n');
    S(close,v[0]);
    S(close,v[1]);
}
static void t8(void) {
    int p[2],kq;
    L r;
    H("8.1 pipe read side");
    S(pipe2,p,O_NONBLOCK);
    snap("rd idle",p[0]);
    snap("wr idle",p[1]);
    kq=S(kqueue);
    ADD(kq,p[0],EVFILT_READ,EV_CLEAR);
    S(write,p[1],"hello",5);
    w(kq,"5");
    S(write,p[1],"abc",3);
    w(kq,"+3");
    r=S(read,p[0],B,2);
    w(kq,"after partial read 2");
    S(close,p[1]);
    w(kq,"writer closed, 6 left");
    w(kq,"again");
    snap("level",p[0]);
    r=S(read,p[0],B,100);
    P("    read %r",r);
    snap("drained",p[0]);
    r=S(read,p[0],B,100);
    P("    read %r",r);
    w(kq,"end");
    S(close,p[0]);
    S(close,kq);
    H("8.2 pipe write side");
    S(pipe2,p,O_NONBLOCK);
    kq=S(kqueue);
    P("    add WRITE on read end %r READ on write end %r\n",ADD(kq,p[0],EVFILT_WRITE,0),ADD(kq,p[1],EVFILT_READ,0));
    w(kq,"bidirectional?");
    S(close,kq);
    kq=S(kqueue);
    ADD(kq,p[1],EVFILT_WRITE,EV_CLEAR);
    w(kq,"init");
    L t=0;
    while((r=S(write,p[1],B,1000))>0)t+=r;
    P("    filled %d last %r, 1 more byte %r",t,r,S(write,p[1],B,1));
    while((r=S(write,p[1],B,1))>0)t+=r;
    P(" total %d",t);
    w(kq,"full");
    snap("full wr",p[1]);
    snap("full rd",p[0]);
    L rd=0;
    for(int i=0;i<40;i++) {
        r=S(read,p[0],B,100);
        if(r>0)rd+=r;
        L n=kev(kq,0,0,E,4,0);
        if(n>0) {
            P("    writable after %d read:",rd);
            pe(&E[0]);
            pc('\n');
            break;
        }
    }
    P("    big write 100000 %r again %r\n",S(write,p[1],B,100000),S(write,p[1],B,100000));
    S(close,p[0]);
    w(kq,"reader closed");
    snap("level",p[1]);
    P("    write %r\n",S(write,p[1],"x",1));
    S(close,p[1]);
    S(close,kq);
    S(pipe2,p,O_NONBLOCK);
    P("    big write on empty pipe 200000 %r\n",S(write,p[1],B,200000));
    snap("rd",p[0]);
    S(close,p[0]);
    S(close,p[1]);
    H("8.3 fifo");
    P("    mkfifo %r open WR nonblock no reader %r\n", S(mkfifoat, -100, "/tmp/ff", 0644), S(open, "/tmp/ff",
            O_WRONLY|O_NONBLOCK));
    int rd_=S(open,"/tmp/ff",O_RDONLY|O_NONBLOCK);
    P("    open RD %r read %r",R(rd_>=0?0:rd_),S(read,rd_,B,1));
    kq=S(kqueue);
    ADD(kq,rd_,EVFILT_READ,EV_CLEAR);
    w(kq,"no writer yet");
    snap("",rd_);
    int wr=S(open,"/tmp/ff",O_WRONLY|O_NONBLOCK);
    w(kq,"writer opened");
    P("    read %r",S(read,rd_,B,1));
    snap("",rd_);
    S(write,wr,"abc",3);
    w(kq,"3 bytes");
    S(close,wr);
    w(kq,"writer closed, 3 left");
    P("    read %r read %r",S(read,rd_,B,10),S(read,rd_,B,10));
    snap("",rd_);
    wr=S(open,"/tmp/ff",O_WRONLY|O_NONBLOCK);
    w(kq,"new writer opened (EOF gone?)");
    snap("",rd_);
    S(write,wr,"x",1);
    w(kq,"1 byte");
    snap("",rd_);
    snap("writer",wr);
    S(close,rd_);
    snap("reader closed: writer",wr);
    P("    write %r\n",S(write,wr,"x",1));
    rd_=S(open,"/tmp/ff",O_RDONLY|O_NONBLOCK);
    snap("reader reopened: writer",wr);
    P("    write %r\n",S(write,wr,"x",1));
    int rw=S(open,"/tmp/ff",O_RDWR|O_NONBLOCK);
    P("    open RDWR %r",R(rw>=0?0:rw));
    snap("",rw);
}
static void t9(void) {
    int c,s,f;
    L r;
    long sb;
    H("9 sendfile");
    f=S(open,"/tmp/big",O_CREAT|O_RDWR,0644);
    memset(B,'x',sizeof B);
    S(write,f,B,sizeof B);
    pair(&c,&s);
    small(c,s);
    sb=-1;
    r=S(sendfile,f,c,0L,0L,0L,&sb,0L);
    P("    1MB nonblock: r=%r sbytes=%d\n",r,sb);
    L off=sb;
    for(int i=0;i<3;i++) {
        sb=-1;
        r=S(sendfile,f,c,off,0L,0L,&sb,0L);
        P("    again off=%d: r=%r sbytes=%d\n",off,r,sb);
        if(sb>0)off+=sb;
        L t=0,x;
        ms(50);
        while((x=rcv(s,65536))>0)t+=x;
        P("    peer read %d\n",t);
        ms(50);
    }
    snap("",c);
    sb=-1;
    r=S(sendfile,f,c,(L)sizeof B-10,100L,0L,&sb,0L);
    P("    nbytes past EOF: r=%r sbytes=%d\n",r,sb);
    sb=-1;
    r=S(sendfile,f,c,(L)sizeof B+10,0L,0L,&sb,0L);
    P("    off past EOF: r=%r sbytes=%d\n",r,sb);
    sb=-1;
    r=S(sendfile,f,c,-1L,0L,0L,&sb,0L);
    P("    off -1: r=%r sbytes=%d\n",r,sb);
    sb=-1;
    r=S(sendfile,f,c,0L,10L,0L,&sb,0L);
    P("    10 bytes: r=%r sbytes=%d; pos after %r\n",r,sb,S(lseek,f,0,1));
    sb=-1;
    r=S(sendfile,f,c,0L,10L,0L,0L,0L);
    P("    sbytes NULL r=%r\n",r);
    int p[2];
    S(pipe2,p,O_NONBLOCK);
    sb=-1;
    r=S(sendfile,p[0],c,0L,10L,0L,&sb,0L);
    P("    from pipe r=%r;",r);
    r=S(sendfile,f,p[1],0L,10L,0L,&sb,0L);
    P(" to pipe r=%r;",r);
    r=S(sendfile,s,c,0L,10L,0L,&sb,0L);
    P(" from socket r=%r;",r);
    int u=udp((int*)B);
    r=S(sendfile,f,u,0L,10L,0L,&sb,0L);
    P(" to udp r=%r;",r);
    int un=sk(AF_INET,SOCK_STREAM);
    r=S(sendfile,f,un,0L,10L,0L,&sb,0L);
    P(" to unconnected r=%r;",r);
    int v[2];
    sp(SOCK_STREAM,v);
    sb=-1;
    r=S(sendfile,f,v[0],0L,0L,0L,&sb,0L);
    P(" to unix r=%r sb=%d",r,sb);
    S(close,v[1]);
    sb=-1;
    r=S(sendfile,f,v[0],0L,10L,0L,&sb,0L);
    P(" unix peer closed r=%r sb=%d\n",r,sb);
    S(shutdown,c,1);
    sb=-1;
    r=S(sendfile,f,c,0L,10L,0L,&sb,0L);
    P("    after shut WR r=%r sb=%d;",r,sb);
    S(close,c);
    S(close,s);
    pair(&c,&s);
    rst(s);
    ms(60);
    sb=-1;
    r=S(sendfile,f,c,0L,10L,0L,&sb,0L);
    P(" after RST r=%r sb=%d;",r,sb);
    S(close,c);
    pair(&c,&s);
    struct iovec hv={"HEAD",4},tv={"TAIL",4};
    struct sf_hdtr h={&hv,1,&tv,1};
    sb=-1;
    r=S(sendfile,f,c,0L,5L,&h,&sb,0L);
    ms(50);
    P(" hdtr: r=%r sb=%d peer %r;",r,sb,rcv(s,100));
    int rdonly=S(open,"/tmp/empty",O_CREAT|O_RDWR,0644);
    sb=-1;
    r=S(sendfile,rdonly,c,0L,0L,0L,&sb,0L);
    P(" empty file r=%r sb=%d\n",r,sb);
}
static void t9b(void) {
    for(int m=0;m<6;m++) {
        fl();
        L p=S(fork);
        if(!p) {
            int c,s;
            pair(&c,&s);
            if(m<4)snd(s,"abc",3);
            ms(50);
            L r;
            if(m==0)r=S(recvfrom,c,B,10,MSG_WAITALL,0,0);
            if(m==1)r=S(recvfrom,c,B,10,MSG_WAITALL|MSG_DONTWAIT,0,0);
            if(m==2) {
                int v[2];
                sp(SOCK_STREAM,v);
                snd(v[0],"abc",3);
                r=S(recvfrom,v[1],B,10,MSG_WAITALL|MSG_DONTWAIT,0,0);
            }
            if(m==3)r=S(recvfrom,c,B,10,MSG_DONTWAIT,0,0);
            if(m==4)r=S(recvfrom,c,B,10,MSG_WAITALL,0,0);
            if(m==5)r=rcv(c,0);
            P("    mode %d -> %r\n",R(m),r);
            fl();
            S(exit,0);
        }
        int st=0,i;
        for(i=0;i<30;i++) {
            if(S(wait4,p,&st,WNOHANG,0)==p)break;
            ms(50);
        }
        if(i==30) {
            P("    mode %d BLOCKED (killed after 1.5 s)\n",R(m));
            S(kill,p,9);
            S(wait4,p,&st,0,0);
        }
    }
    P("    (0 nonblock tcp WAITALL 3 of 10; 1 +DONTWAIT; 2 unix stream WAITALL|DONTWAIT; 3 DONTWAIT only; 4 WAITALL empty nonblock; 5 zero-length recv on empty nonblock)\n");
}
static L us_now(void) {
    struct timespec a;
    S(clock_gettime,4,&a);
    return a.tv_sec*1000000L+a.tv_nsec/1000;
}
/* On the kernel, processes that rfork(2) had made, which share their descriptors. */
struct shared { int kq,c,s,told; };
static void close_kqueue(void*v) {
    struct shared*h=v;
    ms(200);
    S(close,h->kq);
}
static void trigger(void*v) {
    struct shared*h=v;
    ms(100);
    ch(h->kq,5,EVFILT_USER,0,NOTE_TRIGGER,0,0);
}
static void send_and_close(void*v) {
    struct shared*h=v;
    ms(100);
    snd(h->s,"x",1);
    ms(300);
    S(close,h->c);
    ms(300);
    S(close,h->kq);
}
static void wait_and_tell(void*v) {
    struct shared*h=v;
    struct kevent e[4];
    char n='0'+kev(h->kq,0,0,e,4,600);
    S(write,h->told,&n,1);
}
static void tx(void) {
    int c,s,kq,l,p;
    L r;
    struct sockaddr_in a;
    H("X1 close of kq while waited");
    kq=S(kqueue);
    struct shared shared= {kq,0,0,0};
    L closer=begin_thread(close_kqueue,&shared);
    L t=us_now();
    r=kev(kq,0,0,E,4,1000);
    P("    kevent %r after %d ms\n",r,(us_now()-t)/1000);
    end_thread(closer);
    H("X2 REUSEPORT_LB");
    l=sk(AF_INET,SOCK_STREAM);
    a=sa(LO,0);
    P("    set %r",si(l,SOL_SOCKET,SO_REUSEPORT_LB,1));
    S(bind,l,&a,sizeof a);
    S(listen,l,20);
    p=port_of(l);
    int l2=sk(AF_INET,SOCK_STREAM);
    si(l2,SOL_SOCKET,SO_REUSEPORT_LB,1);
    a=sa(LO,p);
    P(" bind2 %r listen2 %r",S(bind,l2,&a,sizeof a),S(listen,l2,20));
    int g1=0,g2=0;
    for(int i=0;i<20;i++) {
        c=sk(AF_INET,SOCK_STREAM);
        cn(c,p);
        ms(10);
        if((r=accp(l))>=0) {
            g1++;
            S(close,r);
        }
        if((r=accp(l2))>=0) {
            g2++;
            S(close,r);
        }
        S(close,c);
    }
    P(" of 20: %d / %d\n",R(g1),R(g2));
    S(close,l);
    S(close,l2);
    H("X3 loopback connect repeated");
    l=lst(50,&p);
    for(int i=0;i<6;i++) {
        c=sk(AF_INET,SOCK_STREAM);
        r=cn(c,p);
        L e=soerr(c);
        L r2=cn(c,p);
        P("    connect %r soerr %e again %r;",r,e,r2);
        ms(30);
        P(" later %r",cn(c,p));
        snap("",c);
    }
    S(close,l);
    l=lst(1,&p);
    S(close,l);
    for(int i=0;i<4;i++) {
        c=sk(AF_INET,SOCK_STREAM);
        P("    refused connect %r;",cn(c,p));
        ms(30);
        snap("",c);
    }
    H("X4 EV_EOF stickiness on udp after shutdown / error flags in READ for pending so_error");
    H("X5 getsockopt TIME_WAIT");
    l=lst(5,&p);
    c=sk(AF_INET,SOCK_STREAM);
    cn(c,p);
    ms(50);
    s=accp(l);
    S(close,s);
    ms(40);
    S(close,c);
    S(close,l);
    ms(40);
    l=sk(AF_INET,SOCK_STREAM);
    a=sa(LO,p);
    P("    bind %r",S(bind,l,&a,sizeof a));
    int nl=-1;
    size_t sz=4;
    r=S(__sysctlbyname,"net.inet.tcp.nolocaltimewait",28,&nl,&sz,0,0);
    P(" nolocaltimewait %r %d",r,R(nl));
    sz=4;
    r=S(__sysctlbyname,"net.inet.tcp.delayed_ack",24,&nl,&sz,0,0);
    P(" delayed_ack %d",R(nl));
    sz=4;
    nl=0;
    S(__sysctlbyname,"kern.ipc.soacceptqueue",22,&nl,&sz,0,0);
    P(" soacceptqueue %d",R(nl));
    char ver[200];
    sz=199;
    memset(ver,0,200);
    S(__sysctlbyname,"kern.version",12,ver,&sz,0,0);
    P(" ncpu");
    sz=4;
    S(__sysctlbyname,"hw.ncpu",7,&nl,&sz,0,0);
    P(" %d\n",R(nl));
    H("X6 kevent on a descriptor closed by dup2/close in same process with EV_CLEAR pending, then EV_ADD again");
    pair(&c,&s);
    kq=S(kqueue);
    ADD(kq,c,EVFILT_READ,EV_CLEAR);
    snd(s,"a",1);
    ms(40);
    w(kq,"1");
    rcv(c,0);
    P("    peek %r",S(recvfrom,c,B,1,MSG_PEEK,0,0));
    w(kq,"after peek");
    snd(s,"",0);
    ms(40);
    w(kq,"zero-length send by peer");
    H("X7 write event on partially full EV_CLEAR after EAGAIN, level lowat boundary");
    S(close,c);
    S(close,s);
    pair(&c,&s);
    si(c,SOL_SOCKET,SO_SNDLOWAT,20000);
    P("    SNDLOWAT set 20000 get %r\n",gi(c,SOL_SOCKET,SO_SNDLOWAT));
    si(c,SOL_SOCKET,SO_SNDBUF,32768);
    fill(c);
    ms(100);
    while(snd(c,B,512)>0);
    snap("full",c);
    for(int i=0;i<20;i++) {
        r=rcv(s,8000);
        ms(30);
        int q;
        S(ioctl,c,FIONSPACE,&q);
        struct pollfd pf={c,POLLOUT,0};
        S(poll,&pf,1,0);
        P(" [read %r space %d out %d]",r,R(q),R((pf.revents&POLLOUT)!=0));
        if(pf.revents&POLLOUT)break;
    }
    pc('\n');
}
/* tun: silent peer */
static void t10(void) {
    struct sockaddr_in a;
    int tf=S(open,"/dev/tun0",O_RDWR|O_NONBLOCK);
    P("    tun open %r\n",R(tf>=0?0:tf));
    int s=S(socket,AF_INET,SOCK_DGRAM,0);
    struct ifaliasreq ar;
    memset(&ar,0,sizeof ar);
    memcpy(ar.ifra_name,"tun0",5);
    a=sa(0x0a000001,0);
    memcpy(&ar.ifra_addr,&a,sizeof a);
    a=sa(0x0a000002,0);
    memcpy(&ar.ifra_broadaddr,&a,sizeof a);
    a=sa(0xffffffff,0);
    memcpy(&ar.ifra_mask,&a,sizeof a);
    P("    addr %r",S(ioctl,s,SIOCAIFADDR,&ar));
    struct ifreq q;
    memset(&q,0,sizeof q);
    memcpy(q.ifr_name,"tun0",5);
    S(ioctl,s,SIOCGIFFLAGS,&q);
    q.ifr_flags|=IFF_UP;
    P(" up %r\n",S(ioctl,s,SIOCSIFFLAGS,&q));
    H("4.1 connecting, silent peer");
    int c=sk(AF_INET,SOCK_STREAM),kq=S(kqueue);
    si(c,IPPROTO_TCP,TCP_KEEPINIT,2);
    ADD(kq,c,EVFILT_READ,EV_CLEAR);
    ADD(kq,c,EVFILT_WRITE,EV_CLEAR);
    a=sa(0x0a000002,9);
    L r=S(connect,c,&a,sizeof a);
    P("    connect %r",r);
    r=S(connect,c,&a,sizeof a);
    P(" again %r; snd %r rcv %r getpeername %r soerr %e listen %r", r, snd(c, "x", 1), rcv(c, 1), S(getpeername, c, B,
            &(socklen_t){128}), soerr(c), S(listen, c, 1));
    w(kq,"connecting");
    snap("connecting",c);
    ms(2600);
    w(kq,"after keepinit 2s");
    w(kq,"again");
    snap("timed out level",c);
    P("    connect again %r soerr %e",S(connect,c,&a,sizeof a),soerr(c));
    P(" connect %r snd %r rcv %r\n",S(connect,c,&a,sizeof a),snd(c,"x",1),rcv(c,1));
    S(close,c);
    c=sk(AF_INET,SOCK_STREAM);
    r=S(connect,c,&a,sizeof a);
    P("    connecting: connect %r shutdown WR %r",r,S(shutdown,c,1));
    snap("",c);
    P("    connect %r soerr %e\n",S(connect,c,&a,sizeof a),soerr(c));
    S(close,c);
    c=sk(AF_INET,SOCK_STREAM);
    r=S(connect,c,&a,sizeof a);
    P("    connecting: connect %r shutdown RD %r",r,S(shutdown,c,0));
    snap("",c);
    S(close,c);
    while((r=S(read,tf,B,2000))>0);
    for(int mode=0;mode<2;mode++) {
        H(mode?"4.3 async SYN-ACK":"4.2 async refused (RST to SYN)");
        S(close,kq);
        kq=S(kqueue);
        c=sk(AF_INET,SOCK_STREAM);
        ADD(kq,c,EVFILT_READ,EV_CLEAR);
        ADD(kq,c,EVFILT_WRITE,EV_CLEAR);
        r=S(connect,c,&a,sizeof a);
        P("    connect %r",r);
        ms(30);
        r=S(read,tf,B,2000);
        P(" syn pkt %r proto %d\n",r,R(B[9]));
        unsigned char*b=(unsigned char*)B;
        static unsigned char o[40];
        memset(o,0,40);
        o[0]=0x45;
        o[3]=40;
        o[8]=64;
        o[9]=6;
        memcpy(o+12,b+16,4);
        memcpy(o+16,b+12,4);
        memcpy(o+20,b+22,2);
        memcpy(o+22,b+20,2);
        unsigned seq=(b[24]<<24)|(b[25]<<16)|(b[26]<<8)|b[27];
        seq++;
        o[28]=seq>>24;
        o[29]=seq>>16;
        o[30]=seq>>8;
        o[31]=seq;
        o[24]=0x11;
        o[32]=0x50;
        o[33]=mode?0x12:0x14;
        o[34]=0xff;
        o[35]=0xff;
        unsigned x=0;
        for(int i=0;i<20;i+=2)x+=(o[i]<<8)|o[i+1];
        while(x>>16)x=(x&0xffff)+(x>>16);
        x=~x;
        o[10]=x>>8;
        o[11]=x;
        x=6+20;
        for(int i=12;i<40;i+=2)x+=(o[i]<<8)|o[i+1];
        while(x>>16)x=(x&0xffff)+(x>>16);
        x=~x;
        o[36]=x>>8;
        o[37]=x;
        r=S(write,tf,o,40);
        P("    inject %r",r);
        ms(50);
        w(kq,"CLEAR");
        w(kq,"again");
        snap("level",c);
        if(mode==0) {
            P("    soerr %e",soerr(c));
            P(" soerr %e",soerr(c));
            snap("after soerr",c);
            P("    connect again %r",S(connect,c,&a,sizeof a));
            P(" soerr %e connect %r snd %r rcv %r shutdown %r\n", soerr(c), S(connect, c, &a, sizeof a), snd(c, "x",
                    1), rcv(c, 1), S(shutdown, c, 1));
        }
        else {
            P("    soerr %e connect again %r getpeername %r\n", soerr(c), S(connect, c, &a, sizeof a), S(getpeername,
                    c, B, &(socklen_t){128}));
        }
        S(close,c);
        ms(20);
        while((r=S(read,tf,B,2000))>0);
    }
    for(int k=0;k<4;k++) {
        c=sk(AF_INET,SOCK_STREAM);
        r=S(connect,c,&a,sizeof a);
        ms(30);
        r=S(read,tf,B,2000);
        unsigned char*b=(unsigned char*)B;
        static unsigned char o[40];
        memset(o,0,40);
        o[0]=0x45;
        o[3]=40;
        o[8]=64;
        o[9]=6;
        memcpy(o+12,b+16,4);
        memcpy(o+16,b+12,4);
        memcpy(o+20,b+22,2);
        memcpy(o+22,b+20,2);
        unsigned seq=(b[24]<<24)|(b[25]<<16)|(b[26]<<8)|b[27];
        seq++;
        o[28]=seq>>24;
        o[29]=seq>>16;
        o[30]=seq>>8;
        o[31]=seq;
        o[32]=0x50;
        o[33]=0x14;
        unsigned x=0;
        for(int i=0;i<20;i+=2)x+=(o[i]<<8)|o[i+1];
        while(x>>16)x=(x&0xffff)+(x>>16);
        x=~x;
        o[10]=x>>8;
        o[11]=x;
        x=26;
        for(int i=12;i<40;i+=2)x+=(o[i]<<8)|o[i+1];
        while(x>>16)x=(x&0xffff)+(x>>16);
        x=~x;
        o[36]=x>>8;
        o[37]=x;
        S(write,tf,o,40);
        ms(40);
        if(k==0) {
            P("    refused: snd %r snd %r rcv %r rcv %r soerr %e\n", snd(c, "x", 1), snd(c, "x", 1), rcv(c, 1), rcv(c,
                    1), soerr(c));
        }
        if(k==1) {
            P("    refused: rcv %r rcv %r snd %r soerr %e\n",rcv(c,1),rcv(c,1),snd(c,"x",1),soerr(c));
        }
        if(k==2) {
            r=S(connect,c,&a,sizeof a);
            P("    refused, soerr unread: connect %r",r);
            ms(30);
            L n=S(read,tf,B,2000);
            P(" (packet sent? %r) connect %r soerr %e\n",n,S(connect,c,&a,sizeof a),soerr(c));
        }
        if(k==3) {
            P("    refused: getpeername %r shutdown WR %r",S(getpeername,c,B,&(socklen_t){128}),S(shutdown,c,1));
            snap("",c);
        }
        S(close,c);
        ms(20);
        while((r=S(read,tf,B,2000))>0);
    }
}
static void tpoll(void) {
    int f=S(open,"/tmp/reg2",O_RDWR|O_CREAT,0644),n=S(open,"/dev/null",O_RDWR),d=S(open,"/tmp",O_RDONLY);
    int fds[3]={f,n,d};
    for(int i=0;i<3;i++) {
        struct pollfd p={fds[i],POLLIN|POLLOUT,0};
        L r=S(poll,&p,1,0);
        P("    fd kind %d (0 file,1 null,2 dir) IN|OUT r=%r",R(i),r);
        pv(p.revents);
        p.events=POLLIN|POLLOUT|POLLPRI;
        S(poll,&p,1,0);
        P(" +PRI ");
        pv(p.revents);
        p.events=POLLIN|POLLRDHUP;
        S(poll,&p,1,0);
        P(" IN|RDHUP ");
        pv(p.revents);
        pc('\n');
    }
    struct pollfd p={-1,POLLIN,7};
    L r=S(poll,&p,1,0);
    P("    fd -1 r=%r rev=%x;",r,R(p.revents));
    p.fd=900;
    r=S(poll,&p,1,0);
    P(" fd 900 r=%r",r);
    pv(p.revents);
    int c,s;
    pair(&c,&s);
    rst(s);
    ms(60);
    p.fd=c;
    p.events=0;
    r=S(poll,&p,1,0);
    P("; events=0 on RST socket r=%r ",r);
    pv(p.revents);
    S(close,c);
    pair(&c,&s);
    S(close,s);
    ms(50);
    p.fd=c;
    p.events=0;
    r=S(poll,&p,1,0);
    P("; events=0 on FIN socket r=%r ",r);
    pv(p.revents);
    p.events=POLLOUT;
    r=S(poll,&p,1,0);
    P(" OUT:");
    pv(p.revents);
    P(" INVAL timeout -2 %r",S(poll,&p,1,-2));
    pc('\n');
}
static void tmore(void) {
    struct kevent k[4],e[4];
    int c,s,kq;
    L r;
    pair(&c,&s);
    snd(s,"abc",3);
    ms(40);
    kq=S(kqueue);
    H("R1 receipts with no room stop the list?");
    EV_SET(&k[0],c,EVFILT_READ,EV_ADD|EV_RECEIPT,0,0,(void*)1);
    EV_SET(&k[1],c,EVFILT_WRITE,EV_ADD,0,0,(void*)2);
    r=kev(kq,k,2,0,0,0);
    P("    [ADD|RECEIPT READ, ADD WRITE] nevents 0: r=%r",r);
    w(kq,"registered");
    S(close,kq);
    kq=S(kqueue);
    EV_SET(&k[0],c,EVFILT_READ,EV_ADD|EV_RECEIPT,0,0,(void*)1);
    EV_SET(&k[1],c,EVFILT_WRITE,EV_ADD|EV_RECEIPT,0,0,(void*)2);
    EV_SET(&k[2],s,EVFILT_WRITE,EV_ADD|EV_RECEIPT,0,0,(void*)3);
    memset(e,0,sizeof e);
    r=kev(kq,k,3,e,2,0);
    P("    3 receipts room 2: r=%r",r);
    pe(&e[0]);
    pe(&e[1]);
    w(kq,"registered");
    EV_SET(&k[0],c,EVFILT_READ,EV_ADD|EV_RECEIPT,0,0,(void*)1);
    EV_SET(&k[1],999,EVFILT_WRITE,EV_ADD|EV_RECEIPT,0,0,(void*)2);
    memset(e,0,sizeof e);
    r=kev(kq,k,2,e,2,0);
    P("    good+bad receipts room 2: r=%r",r);
    pe(&e[0]);
    pe(&e[1]);
    pc('\n');
    EV_SET(&k[0],c,EVFILT_READ,EV_DELETE|EV_RECEIPT,0,0,(void*)1);
    memset(e,0,sizeof e);
    r=kev(kq,k,1,e,2,0);
    P("    DELETE|RECEIPT r=%r",r);
    pe(&e[0]);
    pc('\n');
    S(close,kq);
    H("R2 user trigger with EV_ADD");
    kq=S(kqueue);
    P("    new, EV_ADD+TRIGGER (no CLEAR) %r",ch(kq,1,EVFILT_USER,EV_ADD,NOTE_TRIGGER,0,7));
    w(kq,"");
    P("    existing, EV_ADD+TRIGGER (no CLEAR) %r",ch(kq,1,EVFILT_USER,EV_ADD,NOTE_TRIGGER,0,8));
    w(kq,"");
    w(kq,"again");
    S(close,kq);
    kq=S(kqueue);
    ch(kq,2,EVFILT_USER,EV_ADD|EV_CLEAR,0,0,7);
    ch(kq,2,EVFILT_USER,EV_ADD,NOTE_TRIGGER,0,7);
    w(kq,"made with CLEAR; trigger via EV_ADD w/o CLEAR");
    w(kq,"again");
    ch(kq,2,EVFILT_USER,EV_ENABLE,NOTE_TRIGGER,0,7);
    w(kq,"trigger via EV_ENABLE");
    ch(kq,2,EVFILT_USER,EV_CLEAR,NOTE_TRIGGER,0,7);
    w(kq,"trigger with EV_CLEAR in flags");
    ch(kq,2,EVFILT_USER,0,NOTE_TRIGGER,0,7);
    ch(kq,2,EVFILT_USER,EV_ADD|EV_CLEAR,0,0,7);
    w(kq,"triggered, then re-ADD|CLEAR before wait");
    S(close,kq);
    H("R3 threads: close fd while other waits; blocked waiter wakes");
    kq=S(kqueue);
    struct shared shared= {kq,c,s,0};
    L t=begin_thread(trigger,&shared);
    ch(kq,5,EVFILT_USER,EV_ADD|EV_CLEAR,0,0,1);
    P("    waiter:");
    W(kq,4,2000);
    end_thread(t);
    pc('\n');
    t=begin_thread(send_and_close,&shared);
    ADD(kq,c,EVFILT_READ,EV_CLEAR);
    W(kq,4,300);
    pc('\n');
    P("    after other thread sends:");
    W(kq,4,300);
    P(" after it closes fd:");
    W(kq,4,400);
    P(" after it closes the kqueue being waited on:");
    pr(kev(kq,0,0,E,4,1500));
    end_thread(t);
    pc('\n');
    H("R4 two waiters one kq, level & clear: one wakes each?");
    for(int level=0; level<2; level++) {
        kq=S(kqueue);
        if(level)rcv(c,10);
        else pair(&c,&s);
        ADD(kq,c,EVFILT_READ,level?0:EV_CLEAR);
        fl();
        int pi[2];
        S(pipe2,pi,0);
        shared=(struct shared) {kq,c,s,pi[1]};
        L t1=begin_thread(wait_and_tell,&shared),t2=begin_thread(wait_and_tell,&shared);
        ms(100);
        snd(s,"x",1);
        end_thread(t1);
        end_thread(t2);
        S(read,pi[0],B,2);
        B[2]=0;
        P(level?"  level, 2 waiters got: %s\n":"    EV_CLEAR, 2 waiters got: %s",B);
        S(close,kq);
    }
}
