/* The settings page's checks, the order screen's box, and a clear question before a paid refund is deleted. */
( function ( $, texts ) {
	'use strict';

	function runChecks( whenConnected ) {
		var box = $( '#pef-checks' ).attr( 'aria-busy', 'true' );
		return $.post( texts.url, { action: texts.checks, nonce: texts.checksNonce } )
			.done( function ( answer ) {
				box.html( answer.data.html ).attr( 'aria-busy', 'false' );
				if ( answer.data.connected && whenConnected ) {
					whenConnected();
				}
			} )
			.fail( function () {
				box.attr( 'aria-busy', 'false' ).prepend( $( '<p/>' ).text( texts.checksFailed ) );
			} );
	}

	function waitForConnection( triesLeft ) {
		runChecks( function () {
			window.location.assign( window.location.href.replace( /[?&](success|user_id)=[^&#]*/g, '' ) );
		} ).always( function () {
			if ( triesLeft > 0 ) {
				window.setTimeout( function () {
					waitForConnection( triesLeft - 1 );
				}, 2000 );
			}
		} );
	}

	function startSettings() {
		var connected = 'yes' === $( '#pef-checks' ).data( 'connected' );
		$( '#pef-check-again' ).on( 'click', function () {
			runChecks();
		} );
		$( 'button[value=disconnect][name=pef_refunds_press]' ).on( 'click', function () {
			return window.confirm( texts.disconnect );
		} );
		if ( connected ) {
			runChecks();
		} else if ( /[?&]success=1(&|#|$)/.test( window.location.href ) ) {
			$( '#pef-checks' ).before( $( '<p role="status"/>' ).text( texts.setUp ) );
			waitForConnection( 15 );
		}
	}

	function refreshBox() {
		var box = $( '#pef-box' );
		if ( ! box.length || 'yes' !== box.attr( 'data-moving' ) ) {
			return;
		}
		window.setTimeout( function () {
			$.post( texts.url, { action: texts.box, nonce: texts.boxNonce, order_id: box.attr( 'data-order' ) } )
				.done( function ( answer ) {
					box.replaceWith( answer.data.html );
					$.each( answer.data.badges, function ( id, badge ) {
						$( '.pef-of-' + id ).html( badge );
					} );
				} )
				.always( refreshBox );
		}, 10000 );
	}

	function guardDeletion() {
		// Before WooCommerce's own question, in the capturing phase.
		document.addEventListener( 'click', function ( event ) {
			var bin = event.target.closest ? event.target.closest( '#woocommerce-order-items .delete_refund' ) : null;
			if ( ! bin ) {
				return;
			}
			var paid = $( bin ).closest( 'tr.refund' ).find( '[data-pef-guarded=yes]' ).length > 0;
			if ( paid && ! window.confirm( texts.sure ) ) {
				event.preventDefault();
				event.stopPropagation();
				return;
			}
			$( '#woocommerce-order-items' )
				.off( '.pef' )
				.on( 'woocommerce_order_meta_box_delete_refund_ajax_data.pef', function ( e, data ) {
					return paid ? $.extend( {}, data, { pef_confirm: 'paid' } ) : data;
				} );
		}, true );
		$( document ).on( 'ajaxError', function ( event, answer, call ) {
			if ( 409 === answer.status && /action=woocommerce_delete_refund/.test( String( call.data ) ) ) {
				window.alert( answer.responseJSON.data.error );
				window.location.reload();
			}
		} );
	}

	$( function () {
		if ( $( '#pef-checks' ).length ) {
			startSettings();
		}
		if ( $( '#woocommerce-order-items' ).length ) {
			// Where the service is asked first, one button is enough.
			$( '#woocommerce-order-items' ).toggleClass( 'pef-only-via', 'yes' === $( '#pef-who-pays' ).data( 'via' ) );
			guardDeletion();
			refreshBox();
		}
	} );
}( jQuery, window.pefRefunds ) );
