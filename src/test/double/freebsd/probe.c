/*
 * What a FreeBSD kernel answered in many cases, and its double answers here: it is compiled with FreeBSD's headers, and its
 * calls are those of calls.c. On the kernel it was a program without a C library; measured-*.txt is what it printed there.
 */
#ifdef __APPLE__
#include "macos.h"
const int on_macos=1;
#else
const int on_macos=0;
#define QUEUE_OF_4 2
#include <sys/param.h>
#include <sys/types.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/ucred.h>
#include <sys/poll.h>
#include <sys/uio.h>
#include <sys/time.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/errno.h>
#include <sys/fcntl.h>
#include <sys/ioccom.h>
#include <sys/filio.h>
#include <sys/sockio.h>
#include <sys/signal.h>
#include <sys/wait.h>
#include <sys/unistd.h>
#include <sys/stat.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet6/in6_var.h>
#include <netinet/in_var.h>
#include <netinet6/nd6.h>
#endif
#include <stdarg.h>
#include <stddef.h>
#ifndef POLLRDHUP
#define POLLRDHUP 0x4000
#endif
typedef long L;
L call(const char*,L,L,L,L,L,L,L,L);
L begin_thread(void(*)(void*),void*);
void end_thread(L);
#define A(x) ((L)(x))
#define S_(n,a,b,c,d,e,f,g,h,...) call(#n,A(a),A(b),A(c),A(d),A(e),A(f),A(g),A(h))
#define S(...) S_(__VA_ARGS__,0,0,0,0,0,0,0,0,0)
#include <string.h>
static char ob[8192];
static int on;
static void fl(void) {
    if(on)S(write,1,ob,on);
    on=0;
}
static void pc(char c) {
    ob[on++]=c;
    if(c=='\n'||on==sizeof ob)fl();
}
static void ps(const char*s) {
    while(*s)pc(*s++);
}
static void pn(L v,int b) {
    char t[32];
    int i=0;
    int neg=0;
    unsigned long u=v;
    if(b==10&&v<0) {
        neg=1;
        u=-v;
    }
    do {
        t[i++]="0123456789abcdef"[u%b];
        u/=b;
    }
    while(u);
    if(neg)pc('-');
    while(i)pc(t[--i]);
}
static const char*en(int e) {
    switch(e) {
#define X(x) case x: return #x;
        X(EPERM)X(ENOENT)X(EINTR)X(EIO)X(ENXIO)X(EBADF)X(EAGAIN)X(ENOMEM)X(EACCES)X(EFAULT)X(EEXIST)X(ENODEV)X(ENOTDIR)X(EISDIR)X(EINVAL)X(EMFILE)X(ENOTTY)X(EFBIG)X(ENOSPC)X(ESPIPE)X(EROFS)X(EPIPE)X(EDOM)X(EINPROGRESS)X(EALREADY)X(ENOTSOCK)X(EDESTADDRREQ)X(EMSGSIZE)X(EPROTOTYPE)X(ENOPROTOOPT)X(EPROTONOSUPPORT)X(EOPNOTSUPP)X(EAFNOSUPPORT)X(EADDRINUSE)X(EADDRNOTAVAIL)X(ENETDOWN)X(ENETUNREACH)X(ECONNABORTED)X(ECONNRESET)X(ENOBUFS)X(EISCONN)X(ENOTCONN)X(ETIMEDOUT)X(ECONNREFUSED)X(ENAMETOOLONG)X(EHOSTUNREACH)X(EOVERFLOW)X(ENOSYS)X(ENOTCAPABLE)X(EDEADLK)X(ETOOMANYREFS)X(EHOSTDOWN)X(EBUSY)
    }
    return 0;
}
static void pr(L v) {
    if(v<0) {
        const char*e=en(-v);
        ps("-1/");
        if(e)ps(e);
        else pn(-v,10);
    }
    else pn(v,10);
}
/* %d long  %x hex  %s str  %r result  %e errno */
static void P(const char*f,...) {
    va_list a;
    va_start(a,f);
    for(;*f;f++) {
        if(*f!='%') {
            pc(*f);
            continue;
        }
        switch(*++f) {
            case 'd':pn(va_arg(a,L),10);
            break;
            case 'x':ps("0x");
            pn(va_arg(a,L),16);
            break;
            case 's':ps(va_arg(a,const char*));
            break;
            case 'r':pr(va_arg(a,L));
            break;
            case 'e': {
                L e=va_arg(a,L);
                const char*s=en(e);
                if(e==0)ps("0");
                else if(s)ps(s);
                else pn(e,10);
            }
            break;
            case '%':pc('%');
            break;
        }
    }
    va_end(a);
}
#define R(x) ((L)(x))
static L zero(L fd) { /* its number depends on what else is open */
    return fd<0?fd:0;
}
static void ms(int m) {
    struct timespec t={m/1000,(m%1000)*1000000L};
    S(nanosleep,&t,0);
}
static void fn(int f) {
    switch(f) {
        case EVFILT_READ:ps("READ");
        break;
        case EVFILT_WRITE:ps("WRITE");
        break;
        case EVFILT_USER:ps("USER");
        break;
        case EVFILT_TIMER:ps("TIMER");
        break;
        case EVFILT_EMPTY:ps("EMPTY");
        break;
        default:ps("f");
        pn(f,10);
    }
}
static void flg(int f) {
    int any=0;
#define Y(n) if(f&EV_##n){ if(any)pc('|'); ps(#n); any=1; f&=~EV_##n; }
    Y(ADD)Y(DELETE)Y(ENABLE)Y(DISABLE)Y(ONESHOT)Y(CLEAR)Y(RECEIPT)Y(DISPATCH)Y(ERROR)Y(EOF) if(f) {
        if(any)pc('|');
        ps("0x");
        pn(f,16);
        any=1;
    }
    if(!any)pc('0');
}
static void pe(struct kevent*k) {
    ps(" {");
    pn(k->ident,10);
    pc(' ');
    fn(k->filter);
    pc(' ');
    flg(k->flags);
    ps(" ff=0x");
    pn(k->fflags,16);
    if((k->flags&EV_EOF)&&k->fflags&&k->fflags<100&&en(k->fflags)) {
        pc('(');
        ps(en(k->fflags));
        pc(')');
    }
    ps(" data=");
    pn(k->data,10);
    if((k->flags&EV_ERROR)&&en(k->data)) {
        pc('(');
        ps(en(k->data));
        pc(')');
    }
    if(k->udata) {
        ps(" ud=");
        pn((L)k->udata,16);
    }
    pc('}');
}
static L kev(int kq,struct kevent*c,int nc,struct kevent*e,int ne,int tms) {
    struct timespec t={tms/1000,(tms%1000)*1000000L};
    return S(kevent,kq,c,nc,e,ne,tms<0?0:&t);
}
static L ch(int kq,L id,int f,int fl_,unsigned ff,L d,L u) {
    struct kevent k;
    EV_SET(&k,id,f,fl_,ff,d,(void*)u);
    return kev(kq,&k,1,0,0,0);
}
#define ADD(kq,fd,f,x) ch(kq,fd,f,EV_ADD|(x),0,0,0)
static struct kevent E[64];
static L W(int kq,int max,int t) {
    memset(E,0,sizeof E);
    L n=kev(kq,0,0,E,max,t);
    ps(" n=");
    pr(n);
    for(L i=0;i<n;i++)pe(&E[i]);
    return n;
}
static void w(int kq,const char*l) {
    ps("    ");
    ps(l);
    ps(":");
    W(kq,16,80);
    pc('\n');
}
static void pv(int v) {
    int any=0;
#define Z(n) if(v&n){ if(any)pc('|'); ps(#n); any=1; v&=~n; }
    Z(POLLIN)Z(POLLPRI)Z(POLLOUT)Z(POLLERR)Z(POLLHUP)Z(POLLNVAL)Z(POLLRDHUP)Z(POLLRDBAND)Z(POLLWRBAND)Z(POLLRDNORM) if(v) {
        if(any)pc('|');
        ps("0x");
        pn(v,16);
        any=1;
    }
    if(!any)pc('0');
}
static void pl(int fd) {
    struct pollfd p={fd,POLLIN|POLLPRI|POLLOUT|POLLRDHUP,0};
    L n=S(poll,&p,1,0);
    ps(" poll=");
    if(n<0)pr(n);
    pv(p.revents);
}
static void snap(const char*l,int fd) {
    int kq=S(kqueue);
    ps("    ");
    ps(l);
    ps(":");
    L a=ADD(kq,fd,EVFILT_READ,0),b=ADD(kq,fd,EVFILT_WRITE,0);
    if(a<0) {
        ps(" addR=");
        pr(a);
    }
    if(b<0) {
        ps(" addW=");
        pr(b);
    }
    W(kq,16,0);
    pl(fd);
    pc('\n');
    S(close,kq);
}
static char B[1<<20];
static int sk(int d,int t) {
    L r=S(socket,d,t|SOCK_NONBLOCK,0);
    if(r<0)P("socket %r\n",r);
    return r;
}
static struct sockaddr_in sa(unsigned ip,int port) {
    struct sockaddr_in s;
    memset(&s,0,sizeof s);
    s.sin_len=sizeof s;
    s.sin_family=AF_INET;
    s.sin_port=htons(port);
    s.sin_addr.s_addr=htonl(ip);
    return s;
}
#define LO 0x7f000001u
static int port_of(int fd) {
    struct sockaddr_in s;
    socklen_t l=sizeof s;
    memset(&s,0,sizeof s);
    S(getsockname,fd,&s,&l);
    return ntohs(s.sin_port);
}
static int lst(int bl,int*port) {
    int fd=sk(AF_INET,SOCK_STREAM);
    struct sockaddr_in s=sa(LO,0);
    L r=S(bind,fd,&s,sizeof s);
    if(r<0)P("bind %r\n",r);
    r=S(listen,fd,bl);
    if(r<0)P("listen %r\n",r);
    *port=port_of(fd);
    return fd;
}
static L cn(int fd,int port) {
    struct sockaddr_in s=sa(LO,port);
    return S(connect,fd,&s,sizeof s);
}
static void pair(int*c,int*s) {
    int p;
    int l=lst(5,&p);
    *c=sk(AF_INET,SOCK_STREAM);
    L r=cn(*c,p);
    (void)r;
    ms(60);
    *s=S(accept4,l,0,0,SOCK_NONBLOCK);
    if(*s<0)P("pair accept %r\n",R(*s));
    S(close,l);
}
static L gi(int fd,int lv,int o) {
    int v=0;
    socklen_t l=sizeof v;
    L r=S(getsockopt,fd,lv,o,&v,&l);
    return r<0?r:v;
}
static L si(int fd,int lv,int o,int v) {
    return S(setsockopt,fd,lv,o,&v,sizeof v);
}
static L soerr(int fd) {
    return gi(fd,SOL_SOCKET,SO_ERROR);
}
static L snd(int fd,const char*b,int n) {
    return S(sendto,fd,b,n,MSG_NOSIGNAL,0,0);
}
static L rcv(int fd,int n) {
    return S(recvfrom,fd,B,n,0,0,0);
}
static void rst(int fd) {
    struct linger lg={1,0};
    S(setsockopt,fd,SOL_SOCKET,SO_LINGER,&lg,sizeof lg);
    S(close,fd);
}
static L fill(int fd) {
    L t=0,r;
    while((r=snd(fd,B,4096))>0)t+=r;
    P("    fill total=%d last=%r\n",t,r);
    return t;
}
static void H(const char*s) {
    P("## %s\n",s);
}
static struct sockaddr_un ua(const char*p) {
    struct sockaddr_un u;
    memset(&u,0,sizeof u);
    u.sun_family=AF_UNIX;
    size_t n=strlen(p);
    memcpy(u.sun_path,p,n);
    u.sun_len=offsetof(struct sockaddr_un,sun_path)+n+1;
    return u;
}
static int accp(int l) {
    return S(accept4,l,0,0,SOCK_NONBLOCK);
}
/* The sizes of the kernel's buffers, about: Linux's would take everything. */
static void small(int from,int to) {
    si(from,SOL_SOCKET,SO_SNDBUF,30000);
    si(to,SOL_SOCKET,SO_RCVBUF,30000);
}
#include "cases-1.h"
#include "cases-3.h"
static void run(const char*name,void(*f)(void)) {
    fl();
    L p=S(fork);
    if(p==0) {
        P("==== %s\n",name);
        f();
        fl();
        S(exit,0);
    }
    int st=0,i;
    for(i=0;i<500;i++) {
        if(S(wait4,p,&st,WNOHANG,0)==p)break;
        ms(50);
    }
    if(i==500) {
        P("!! %s timed out\n",name);
        S(kill,p,9);
        S(wait4,p,&st,0,0);
    }
    if(st)P("!! %s status %x\n",name,R(st));
}
int probe(const char*only) {
    struct {
        const char*n;
        void(*f)(void);
    } T[]={ TESTS, {"Y", ty} };
    for(unsigned i=0;i<sizeof T/sizeof*T;i++) if(!only||!strcmp(only,T[i].n)) run(T[i].n,T[i].f);
    P("ALL DONE\n");
    fl();
    return 0;
}
