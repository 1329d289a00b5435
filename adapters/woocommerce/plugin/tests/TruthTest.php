<?php
/**
 * Mails, status, double presses and deletions.
 *
 * @package Pef_Refunds
 */

use Pef_Refunds\Deletion;
use Pef_Refunds\Double_Press;
use Pef_Refunds\Mails;
use Pef_Refunds\Order_Screen;
use Pef_Refunds\Order_Status;
use Pef_Refunds\Ours;
use PHPUnit\Framework\TestCase;

final class TruthTest extends TestCase {

	protected function setUp(): void {
		World::begin();
	}

	private function mail( $refund, bool $partial ): object {
		return (object) array(
			'refund'         => $refund,
			'partial_refund' => $partial,
		);
	}

	/** The mail is held, and what kind it was is remembered on the refund. */
	public function test_mail_is_held(): void {
		$order  = World::order( 1 );
		$refund = World::refund( $order, 2, '5.00' );
		$this->assertFalse( Mails::hold( true, $order, $this->mail( $refund, true ) ) );
		$this->assertSame( 'partial', $refund->get_meta( Mails::META ) );
		$this->assertTrue( Mails::is_held( $refund ) );
	}

	/** A mail goes out where the money has moved, or holding is off, or it is none of ours. */
	public function test_mail_is_let_through(): void {
		$paid = World::order( 1, array( '2' => array( 'state' => 'refunded' ) ) );
		$this->assertTrue( Mails::hold( true, $paid, $this->mail( World::refund( $paid, 2, '5.00' ), true ) ) );
		$card = World::order( 3, array(), 'card' );
		$this->assertTrue( Mails::hold( true, $card, $this->mail( World::refund( $card, 4, '5.00' ), true ) ) );
		$this->assertTrue( Mails::hold( true, null, $this->mail( null, false ) ) );
		World::set( 'hold_until_paid', 'no' );
		$order = World::order( 5 );
		$this->assertTrue( Mails::hold( true, $order, $this->mail( World::refund( $order, 6, '5.00' ), false ) ) );
	}

	/** A mail that the owner has switched off stays off. */
	public function test_switched_off_mail_stays_off(): void {
		$order  = World::order( 1 );
		$refund = World::refund( $order, 2, '5.00' );
		$this->assertFalse( Mails::hold( false, $order, $this->mail( $refund, true ) ) );
		$this->assertFalse( Mails::is_held( $refund ) );
	}

	/** Nobody can send a "refunded" mail for a refund that ended without paying. */
	public function test_failed_refund_is_never_told_as_refunded(): void {
		$order = World::order(
			1,
			array(
				'2' => array( 'state' => 'failed' ),
				'3' => array( 'state' => 'pending' ),
			)
		);
		foreach ( array( 2, 3 ) as $id ) {
			World::refund( $order, $id, '5.00' )->update_meta_data( Mails::META, 'partial' );
		}
		$told = array_map(
			static function ( $refund ) {
				return $refund->get_id();
			},
			array_values( Order_Screen::to_tell( $order ) )
		);
		$this->assertSame( array( 3 ), $told );
	}

	/** The status "refunded" is held, and the status before is remembered. */
	public function test_status_is_held(): void {
		$refund = World::refund( World::order( 1 ), 2, '5.00' );
		$this->assertSame( '', Order_Status::hold( 'refunded', 1, 2 ) );
		$this->assertSame( 'refunded', $refund->get_meta( Order_Status::HELD ) );
		$this->assertSame( 'processing', $refund->get_meta( Order_Status::BEFORE ) );
	}

	/** With holding off the status is WooCommerce's, and can still be undone later. */
	public function test_status_is_let_through(): void {
		World::set( 'hold_until_paid', 'no' );
		$refund = World::refund( World::order( 1 ), 2, '5.00' );
		$this->assertSame( 'refunded', Order_Status::hold( 'refunded', 1, 2 ) );
		$this->assertSame( 'processing', $refund->get_meta( Order_Status::BEFORE ) );
	}

	/** Refunds of nothing, of other methods, or paid by a gateway are left alone; and all while unconnected. */
	public function test_ours(): void {
		$order = World::order( 1 );
		$this->assertTrue( Ours::refund( World::refund( $order, 2, '5.00' ) ) );
		$this->assertFalse( Ours::refund( World::refund( $order, 3, '0.00' ) ) );
		$paid             = World::refund( $order, 4, '5.00' );
		$paid->by_gateway = true;
		$this->assertFalse( Ours::refund( $paid ) );
		$this->assertFalse( Ours::refund( World::refund( World::order( 5, array(), 'card' ), 6, '5.00' ) ) );
		World::$webhooks = array();
		Pef_Refunds\Connection::look_again();
		$this->assertFalse( Ours::order( $order ) );
	}

	/** An equal refund within seconds is turned away; another amount, or a later one, is not. */
	public function test_double_press(): void {
		$order         = World::order( 1 );
		$first         = World::refund( $order, 2, '20.00' );
		$first->made   = new DateTimeImmutable( '@1000000' );
		$earlier       = array( $first );
		$this->assertStringContainsString( '#2', Double_Press::objection( $earlier, '20', '100.00', 1000014 ) );
		$this->assertSame( '', Double_Press::objection( $earlier, '20.01', '100.00', 1000014 ) );
		$this->assertSame( '', Double_Press::objection( $earlier, '20.00', '100.00', 1000015 ) );
	}

	/** Together the refunds of an order never exceed it, to the cent. */
	public function test_no_more_than_the_total(): void {
		$order       = World::order( 1 );
		$first       = World::refund( $order, 2, '59.90' );
		$first->made = new DateTimeImmutable( '@1000000' );
		$this->assertSame( '', Double_Press::objection( array( $first ), '59.90', '119.80', 2000000 ) );
		$this->assertNotSame( '', Double_Press::objection( array( $first ), '59.91', '119.80', 2000000 ) );
	}

	/** A refund whose money may have left is not deleted; one that paid nothing is. */
	public function test_deletion_is_guarded(): void {
		foreach ( array( 'sending', 'unknown', 'pending', 'refunded', 'returned' ) as $i => $state ) {
			$order = World::order( 10 + $i, array( (string) ( 20 + $i ) => array( 'state' => $state ) ) );
			$this->assertFalse( Deletion::guard( null, World::refund( $order, 20 + $i, '5.00' ) ), $state );
		}
		foreach ( array( 'held', 'rejected', 'failed', 'awaiting_beneficiary' ) as $i => $state ) {
			$order = World::order( 30 + $i, array( (string) ( 40 + $i ) => array( 'state' => $state ) ) );
			$this->assertNull( Deletion::guard( null, World::refund( $order, 40 + $i, '5.00' ) ), $state );
		}
	}

	/** Refunds that go along with their order are let go. */
	public function test_deletion_with_the_order(): void {
		$order  = World::order( 50, array( '51' => array( 'state' => 'refunded' ) ) );
		$refund = World::refund( $order, 51, '5.00' );
		Deletion::on_order( 50, $order );
		$this->assertNull( Deletion::guard( null, $refund ) );
	}

	/** Somebody else's no stays a no. */
	public function test_others_no_stays(): void {
		$refund = World::refund( World::order( 60 ), 61, '5.00' );
		$this->assertFalse( Deletion::guard( false, $refund ) );
	}
}
